/* SPDX-License-Identifier: MIT */
/*
 * p2pusb wire - contract between two peers.
 *
 * What two machines say to one another inside a mutually authenticated QUIC
 * connection.  Knows neither the kernel's ring nor any library; anybody may
 * speak it (MIT).
 *
 * Revision log
 *   1.0  first version
 */
#ifndef P2PUSB_WIRE_H
#define P2PUSB_WIRE_H

#include <stdint.h>

/*
 * DOC: Connection
 *
 * QUIC v1, TLS 1.3, Ed25519 raw public keys (RFC 7250) on both sides, ALPN
 * P2PUSB_ALPN, no 0-RTT, no session tickets.  The agent (where the device is
 * used) is the QUIC client; the server (where it is plugged in) the QUIC
 * server.  A TLS 1.3 client finishes before its key was judged: nothing is
 * trusted before the server's HELLO.
 *
 * The agent opens bidirectional streams only; the server opens none.  The
 * first is the control stream (STREAM_CONTROL role by being stream 0); every
 * other starts with EP_OPEN and belongs to one endpoint of one attached
 * device, endpoint 0 included.
 *
 * All integers are little-endian.  A message is a struct p2pusb_head followed
 * by the body of its type and, where the type says so, by payload; @len counts
 * all of it.  Bodies may grow at their end in later revisions when both sides
 * have a capability bit for it; a longer body than known is refused without
 * it.  A violation closes the connection with P2PUSB_CLOSE_PROTOCOL and a
 * reason.
 */

#define P2PUSB_ALPN		"p2pusb/1"
#define P2PUSB_VERSION_MAJOR	1
#define P2PUSB_VERSION_MINOR	0
#define P2PUSB_PORT_DEFAULT	3241

#define P2PUSB_MSG_MAX		(16u << 20)	/* bytes of one message */
#define P2PUSB_TEXT_MAX		256		/* bytes of a sentence */
#define P2PUSB_NAME_MAX		64		/* bytes of a host or device name */
#define P2PUSB_BUSID_MAX	32		/* "1-1.4" */
#define P2PUSB_NPKT_MAX		128		/* isochronous packets a URB */
#define P2PUSB_DEVICES_MAX	256		/* attached over one connection */
#define P2PUSB_DESCS_MAX	(32u << 10)	/* bytes of descriptors of a device */

/* Fixed-width little-endian fields; converted only in lib/wire.c. */
typedef uint16_t p2pusb_le16;
typedef uint32_t p2pusb_le32;
typedef uint64_t p2pusb_le64;

/* Capability bits of HELLO; a feature is used when both sides have it. */
#define P2PUSB_CAP_ISO		(1ull << 0)
#define P2PUSB_CAP_STREAMS	(1ull << 1)
#define P2PUSB_CAP_RESUME	(1ull << 2)	/* sessions outlive connections */
#define P2PUSB_CAP_POSTED	(1ull << 3)	/* posted interrupt/iso IN */
#define P2PUSB_CAP_DATAGRAM	(1ull << 4)	/* isochronous by DATAGRAM */
#define P2PUSB_CAP_REVERSE	(1ull << 5)	/* DIAL: server asks, agent dials */
#define P2PUSB_CAP_POWER	(1ull << 6)
#define P2PUSB_CAP_DESCS	(1ull << 7)	/* descriptors behind ATTACHED */

/* Application error codes of CONNECTION_CLOSE */
#define P2PUSB_CLOSE_OK		0x0
#define P2PUSB_CLOSE_PROTOCOL	0x1	/* peer broke this contract */
#define P2PUSB_CLOSE_DENIED	0x2	/* key not admitted */
#define P2PUSB_CLOSE_VERSION	0x3
#define P2PUSB_CLOSE_LIMIT	0x4	/* too many connections, devices … */
#define P2PUSB_CLOSE_SHUTDOWN	0x5	/* daemon stops */

/**
 * enum p2pusb_msg - message types
 *
 * Control stream:
 * @P2PUSB_MSG_HELLO: both sides, first message
 * @P2PUSB_MSG_LIST: agent: send DEVICE for all, then LIST_END; DEVICE and
 *	DEVICE_GONE follow as things change while the connection lives
 * @P2PUSB_MSG_DEVICE: server: a device this peer may attach
 * @P2PUSB_MSG_DEVICE_GONE: server
 * @P2PUSB_MSG_LIST_END: server
 * @P2PUSB_MSG_ATTACH: agent
 * @P2PUSB_MSG_ATTACHED: server: answer to ATTACH
 * @P2PUSB_MSG_REFUSED: server: answer to ATTACH
 * @P2PUSB_MSG_DETACH: agent: give the device back
 * @P2PUSB_MSG_DETACHED: server: answer to DETACH, or the device is gone
 * @P2PUSB_MSG_PING: both: echoed as PONG, for measuring
 * @P2PUSB_MSG_PONG: both
 * @P2PUSB_MSG_DIAL: reserved, CAP_REVERSE
 * @P2PUSB_MSG_RESUME: reserved, CAP_RESUME
 * @P2PUSB_MSG_RESUMED: reserved, CAP_RESUME
 * @P2PUSB_MSG_WAKEUP: server: a suspended device wants to be awake, CAP_POWER
 *
 * Endpoint streams:
 * @P2PUSB_MSG_EP_OPEN: agent, first message of the stream
 * @P2PUSB_MSG_SUBMIT: agent
 * @P2PUSB_MSG_CANCEL: agent, behind its SUBMIT on the same stream
 * @P2PUSB_MSG_RESET: agent, endpoint 0 only: port reset, in order
 * @P2PUSB_MSG_COMPLETE: server: exactly one for each SUBMIT, RESET, STREAMS
 *	and POWER
 * @P2PUSB_MSG_STREAMS: agent, endpoint 0 only: bulk streams, in order,
 *	CAP_STREAMS
 * @P2PUSB_MSG_POWER: agent, endpoint 0 only: sleep or wake, in order, CAP_POWER
 */
enum p2pusb_msg {
	P2PUSB_MSG_HELLO = 1,
	P2PUSB_MSG_LIST = 2,
	P2PUSB_MSG_DEVICE = 3,
	P2PUSB_MSG_DEVICE_GONE = 4,
	P2PUSB_MSG_LIST_END = 5,
	P2PUSB_MSG_ATTACH = 6,
	P2PUSB_MSG_ATTACHED = 7,
	P2PUSB_MSG_REFUSED = 8,
	P2PUSB_MSG_DETACH = 9,
	P2PUSB_MSG_DETACHED = 10,
	P2PUSB_MSG_PING = 11,
	P2PUSB_MSG_PONG = 12,
	P2PUSB_MSG_DIAL = 13,
	P2PUSB_MSG_RESUME = 14,
	P2PUSB_MSG_RESUMED = 15,
	P2PUSB_MSG_WAKEUP = 16,

	P2PUSB_MSG_EP_OPEN = 32,
	P2PUSB_MSG_SUBMIT = 33,
	P2PUSB_MSG_CANCEL = 34,
	P2PUSB_MSG_RESET = 35,
	P2PUSB_MSG_COMPLETE = 36,
	P2PUSB_MSG_STREAMS = 37,
	P2PUSB_MSG_POWER = 38,
};

/* struct p2pusb_head.flags */
#define P2PUSB_HEAD_OPTIONAL	(1u << 0)	/* unknown type: skip, not close */

/**
 * struct p2pusb_head - starts every message
 * @len: bytes of the whole message, head included
 * @type: enum p2pusb_msg
 * @flags: P2PUSB_HEAD_*
 */
struct p2pusb_head {
	p2pusb_le32 len;
	p2pusb_le16 type;
	p2pusb_le16 flags;
};

/**
 * struct p2pusb_hello - both sides, before anything else
 * @major: P2PUSB_VERSION_MAJOR
 * @minor: P2PUSB_VERSION_MINOR
 * @max_urbs: server: credit: requests outstanding on one endpoint, >= 1
 * @caps: P2PUSB_CAP_*
 * @max_urb_bytes: server: longest transfer it takes
 * @max_ep_bytes: server: credit: bytes of outstanding requests on one endpoint
 *	(a single request may always be outstanding, whatever its length)
 * @boot_id: random, new at each start of the daemon
 * @name: host name for people, UTF-8, NUL-padded; never trusted
 */
struct p2pusb_hello {
	p2pusb_le16 major;
	p2pusb_le16 minor;
	p2pusb_le32 max_urbs;
	p2pusb_le64 caps;
	p2pusb_le32 max_urb_bytes;
	p2pusb_le32 max_ep_bytes;
	uint8_t boot_id[16];
	char name[P2PUSB_NAME_MAX];
};

/* struct p2pusb_device.speed */
enum p2pusb_speed {
	P2PUSB_SPEED_LOW = 1,
	P2PUSB_SPEED_FULL = 2,
	P2PUSB_SPEED_HIGH = 3,
	P2PUSB_SPEED_SUPER = 4,
	P2PUSB_SPEED_SUPER_PLUS = 5,
};

/* struct p2pusb_device.state */
enum p2pusb_device_state {
	P2PUSB_DEVICE_FREE = 1,		/* shared, may be attached */
	P2PUSB_DEVICE_BUSY = 2,		/* attached by somebody */
};

/**
 * struct p2pusb_device - one device, also the body of DEVICE
 * @busid: "bus-port[.port…]" on the server, NUL-padded; names the device
 * @vid: idVendor
 * @pid: idProduct
 * @bcd_device: bcdDevice
 * @dev_class: bDeviceClass
 * @dev_subclass: bDeviceSubClass
 * @dev_protocol: bDeviceProtocol
 * @speed: enum p2pusb_speed
 * @state: enum p2pusb_device_state
 * @lanes: SUPER_PLUS: lanes, else 0
 * @classes: bInterfaceClass of the first interfaces, zero-padded
 * @rsv: zero
 * @manufacturer: UTF-8, NUL-padded; as all strings: never trusted
 * @product: likewise
 * @serial: likewise
 */
struct p2pusb_device {
	char busid[P2PUSB_BUSID_MAX];
	p2pusb_le16 vid;
	p2pusb_le16 pid;
	p2pusb_le16 bcd_device;
	uint8_t dev_class;
	uint8_t dev_subclass;
	uint8_t dev_protocol;
	uint8_t speed;
	uint8_t state;
	uint8_t lanes;
	uint8_t classes[8];
	uint8_t rsv[4];
	char manufacturer[P2PUSB_NAME_MAX];
	char product[P2PUSB_NAME_MAX];
	char serial[P2PUSB_NAME_MAX];
};

/**
 * struct p2pusb_device_gone - a listed device is no longer there
 * @busid: as in struct p2pusb_device
 */
struct p2pusb_device_gone {
	char busid[P2PUSB_BUSID_MAX];
};

/**
 * struct p2pusb_attach - I want this device
 * @req: chosen by the agent, echoed in the answer
 * @flags: zero
 * @session: random name of this attachment, for CAP_RESUME
 * @busid: which
 */
struct p2pusb_attach {
	p2pusb_le32 req;
	p2pusb_le32 flags;
	uint8_t session[16];
	char busid[P2PUSB_BUSID_MAX];
};

/**
 * struct p2pusb_attached - it is yours
 * @req: from ATTACH
 * @dev: names the device on this connection from now on, not 0
 * @device: what it is
 *
 * With CAP_DESCS on both sides payload may follow, of P2PUSB_DESCS_MAX bytes at
 * most: struct p2pusb_desc, each with its bytes, without gaps.  The agent may
 * answer GET_DESCRIPTOR from them in the place of the device: they stay what
 * they are until DETACHED, as the server detaches a device that a RESET changed.
 */
struct p2pusb_attached {
	p2pusb_le32 req;
	p2pusb_le32 dev;
	struct p2pusb_device device;
};

/**
 * struct p2pusb_desc - a descriptor as the device sends it
 * @type: high byte of wValue
 * @index: low byte of wValue
 * @lang: wIndex
 * @len: bytes that follow: all that the device has of it
 * @rsv: zero
 */
struct p2pusb_desc {
	uint8_t type;
	uint8_t index;
	p2pusb_le16 lang;
	p2pusb_le16 len;
	p2pusb_le16 rsv;
};

/* struct p2pusb_refused.code, p2pusb_detached.code */
enum p2pusb_code {
	P2PUSB_CODE_OK = 0,
	P2PUSB_CODE_NO_DEVICE = 1,	/* unknown, or not for this peer */
	P2PUSB_CODE_BUSY = 2,		/* attached by somebody else */
	P2PUSB_CODE_CLAIM = 3,		/* could not be taken from the host */
	P2PUSB_CODE_UNSUPPORTED = 4,	/* hubs, … */
	P2PUSB_CODE_LIMIT = 5,
	P2PUSB_CODE_UNPLUGGED = 6,
	P2PUSB_CODE_REVOKED = 7,
	P2PUSB_CODE_SHUTDOWN = 8,
	P2PUSB_CODE_IO = 9,
};

/**
 * struct p2pusb_refused - no
 * @req: from ATTACH
 * @code: enum p2pusb_code
 * @text: why, for a person, UTF-8, NUL-padded
 */
struct p2pusb_refused {
	p2pusb_le32 req;
	p2pusb_le32 code;
	char text[P2PUSB_TEXT_MAX];
};

/**
 * struct p2pusb_detach - I have done with it
 * @dev: from ATTACHED
 * @rsv: zero
 *
 * Requests still outstanding are cancelled and not completed.
 */
struct p2pusb_detach {
	p2pusb_le32 dev;
	p2pusb_le32 rsv;
};

/**
 * struct p2pusb_detached - it is no longer yours
 * @dev: from ATTACHED
 * @code: enum p2pusb_code
 * @text: why
 *
 * Requests still outstanding will not be completed.
 */
struct p2pusb_detached {
	p2pusb_le32 dev;
	p2pusb_le32 code;
	char text[P2PUSB_TEXT_MAX];
};

/**
 * struct p2pusb_ping - also PONG
 * @cookie: echoed
 */
struct p2pusb_ping {
	p2pusb_le64 cookie;
};

/* Transfer types, USB 2.0 table 9-13 order */
enum p2pusb_xfer {
	P2PUSB_XFER_CONTROL = 0,
	P2PUSB_XFER_ISO = 1,
	P2PUSB_XFER_BULK = 2,
	P2PUSB_XFER_INTERRUPT = 3,
};

/**
 * struct p2pusb_ep_open - this stream is that endpoint
 * @dev: from ATTACHED
 * @epoch: the agent's name for this incarnation of the device; every message
 *	of the stream carries the same
 * @ep: bEndpointAddress, 0 for endpoint 0
 * @type: enum p2pusb_xfer
 * @rsv: zero
 * @interval: as in struct p2pusb_submit
 */
struct p2pusb_ep_open {
	p2pusb_le32 dev;
	p2pusb_le32 epoch;
	uint8_t ep;
	uint8_t type;
	p2pusb_le16 rsv;
	p2pusb_le32 interval;
};

/* struct p2pusb_submit.flags */
#define P2PUSB_XF_SHORT_NOT_OK	(1u << 0)
#define P2PUSB_XF_ZERO_PACKET	(1u << 1)
#define P2PUSB_XF_ISO_ASAP	(1u << 2)
#define P2PUSB_XF_ALL		(P2PUSB_XF_SHORT_NOT_OK | \
				 P2PUSB_XF_ZERO_PACKET | P2PUSB_XF_ISO_ASAP)

/**
 * struct p2pusb_submit - do this transfer
 * @seq: counts up per endpoint and epoch; never repeated
 * @epoch: as in EP_OPEN
 * @flags: P2PUSB_XF_*
 * @length: bytes of the transfer
 * @stream: bulk stream, 0 = none
 * @npkt: isochronous packets; @npkt p2pusb_le32 lengths follow this body
 * @interval: urb->interval: frames (LS, FS) or microframes
 * @start_frame: isochronous without ASAP
 * @setup: control: the SETUP packet
 *
 * Of an OUT transfer @length payload bytes follow (behind the packet lengths),
 * of an IN transfer none.  The packet lengths count as payload; their sum is
 * @length, and the bytes of the packets follow one another without gaps.
 * The direction is that of the endpoint address; of the first byte
 * of @setup for endpoint 0.
 *
 * Closes the connection: a sequence number that does not count up, another
 * epoch, a length beyond the server's limits, more than its credit, packets on
 * an endpoint that is not isochronous or none on one that is, packet lengths
 * that do not add up to @length, payload of another length than all this says.
 *
 * Ends the request, as COMPLETE with P2PUSB_ST_PROTO, @npkt and @actual 0: an
 * endpoint that the device does not have now or has with another type, a stream
 * that was not granted, isochronous packets or streams that the server did not
 * offer, a control transfer whose @length is not that of @setup.
 */
struct p2pusb_submit {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le32 flags;
	p2pusb_le32 length;
	p2pusb_le16 stream;
	p2pusb_le16 npkt;
	p2pusb_le32 interval;
	p2pusb_le32 start_frame;
	uint8_t setup[8];
};

/**
 * struct p2pusb_cancel - I want this one back, whatever became of it
 * @seq: of the SUBMIT; one that is already complete is ignored
 * @epoch: as in EP_OPEN
 * @rsv: zero
 */
struct p2pusb_cancel {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le32 rsv;
};

/**
 * struct p2pusb_reset - reset the port of the device
 * @seq: takes its place in the sequence of endpoint 0
 * @epoch: as in EP_OPEN
 * @rsv: zero
 */
struct p2pusb_reset {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le32 rsv;
};

#define P2PUSB_STREAMS_EPS	30

/**
 * struct p2pusb_streams - give bulk endpoints streams, or take them back
 * @seq: takes its place in the sequence of endpoint 0
 * @epoch: as in EP_OPEN
 * @wanted: streams for each endpoint, 1..65533; 0 = take them back
 * @neps: endpoints, 1..P2PUSB_STREAMS_EPS
 * @eps: their addresses, zero-padded
 * @rsv: zero
 *
 * Answered by COMPLETE; @actual is the number granted, 1..@wanted.  Endpoints
 * that cannot have streams, or do not exist: P2PUSB_ST_NOSPC.  RESET,
 * SET_CONFIGURATION and, for its interface, SET_INTERFACE take streams back.
 * Without P2PUSB_CAP_STREAMS, or on another endpoint than 0, it closes the
 * connection.
 */
struct p2pusb_streams {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le16 wanted;
	uint8_t neps;
	uint8_t eps[P2PUSB_STREAMS_EPS];
	uint8_t rsv[3];
};

/* struct p2pusb_power.state */
enum p2pusb_power_state {
	P2PUSB_POWER_ON = 0,
	P2PUSB_POWER_SUSPEND = 1,
	P2PUSB_POWER_SUSPEND_WAKEUP = 2,	/* the device may wake us */
};

/**
 * struct p2pusb_power - the device may sleep, or is to be awake
 * @seq: takes its place in the sequence of endpoint 0
 * @epoch: as in EP_OPEN
 * @state: enum p2pusb_power_state
 *
 * Nothing else is outstanding when SUSPEND is sent, and nothing follows it
 * but ON.  Answered by COMPLETE once it is so; a server that cannot let the
 * device sleep leaves it awake and says OK; but SUSPEND_WAKEUP fails when the
 * device would not sleep and so could wake nobody.  Without P2PUSB_CAP_POWER,
 * or on another endpoint than 0, it closes the connection.
 */
struct p2pusb_power {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le32 state;
};

/**
 * struct p2pusb_wakeup - a suspended device wants to be awake
 * @dev: from ATTACHED
 * @rsv: zero
 */
struct p2pusb_wakeup {
	p2pusb_le32 dev;
	p2pusb_le32 rsv;
};

/* struct p2pusb_complete.status */
enum p2pusb_status {
	P2PUSB_ST_OK = 0,
	P2PUSB_ST_STALL = 1,
	P2PUSB_ST_OVERFLOW = 2,
	P2PUSB_ST_PROTO = 3,
	P2PUSB_ST_CRC = 4,
	P2PUSB_ST_TIMEOUT = 5,
	P2PUSB_ST_COMM = 6,
	P2PUSB_ST_NOSR = 7,
	P2PUSB_ST_XDEV = 8,
	P2PUSB_ST_NODEV = 9,
	P2PUSB_ST_CANCELLED = 10,
	P2PUSB_ST_REMOTEIO = 11,
	P2PUSB_ST_NOSPC = 12,
	P2PUSB_ST_MAX,
};

/**
 * struct p2pusb_complete - what became of a request
 * @seq: of the request; in the order of the requests of this endpoint and
 *	stream, but that a cancelled one may overtake
 * @epoch: as in EP_OPEN
 * @status: enum p2pusb_status
 * @actual: bytes moved, also with an error; <= length
 * @queue_us: time at the server before the device had it
 * @device_us: time at the device
 * @npkt: isochronous packets that follow as struct p2pusb_iso: as many as in
 *	SUBMIT, or 0 when none was tried
 * @errs: of them with an error
 * @start_frame: isochronous
 * @rsv: zero
 *
 * Of an IN transfer @actual payload bytes follow (behind the packets), of an
 * OUT transfer none.  The packets count as payload; the sum of their @actual is
 * that of the transfer, and their bytes follow one another without gaps.
 */
struct p2pusb_complete {
	p2pusb_le64 seq;
	p2pusb_le32 epoch;
	p2pusb_le32 status;
	p2pusb_le32 actual;
	p2pusb_le32 queue_us;
	p2pusb_le32 device_us;
	p2pusb_le16 npkt;
	p2pusb_le16 errs;
	p2pusb_le32 start_frame;
	p2pusb_le32 rsv;
};

/**
 * struct p2pusb_iso - one isochronous packet of COMPLETE
 * @actual: bytes moved
 * @status: enum p2pusb_status
 * @rsv: zero
 */
struct p2pusb_iso {
	p2pusb_le32 actual;
	p2pusb_le16 status;
	p2pusb_le16 rsv;
};

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct p2pusb_head) == 8, "head");
_Static_assert(sizeof(struct p2pusb_hello) == 104, "hello");
_Static_assert(sizeof(struct p2pusb_device) == 248, "device");
_Static_assert(sizeof(struct p2pusb_device_gone) == 32, "device_gone");
_Static_assert(sizeof(struct p2pusb_attach) == 56, "attach");
_Static_assert(sizeof(struct p2pusb_attached) == 256, "attached");
_Static_assert(sizeof(struct p2pusb_desc) == 8, "desc");
_Static_assert(sizeof(struct p2pusb_refused) == 264, "refused");
_Static_assert(sizeof(struct p2pusb_detach) == 8, "detach");
_Static_assert(sizeof(struct p2pusb_detached) == 264, "detached");
_Static_assert(sizeof(struct p2pusb_ping) == 8, "ping");
_Static_assert(sizeof(struct p2pusb_ep_open) == 16, "ep_open");
_Static_assert(sizeof(struct p2pusb_submit) == 40, "submit");
_Static_assert(sizeof(struct p2pusb_cancel) == 16, "cancel");
_Static_assert(sizeof(struct p2pusb_reset) == 16, "reset");
_Static_assert(sizeof(struct p2pusb_complete) == 40, "complete");
_Static_assert(sizeof(struct p2pusb_iso) == 8, "iso");
_Static_assert(sizeof(struct p2pusb_streams) == 48, "streams");
_Static_assert(sizeof(struct p2pusb_power) == 16, "power");
_Static_assert(sizeof(struct p2pusb_wakeup) == 8, "wakeup");
#endif

#endif /* P2PUSB_WIRE_H */
