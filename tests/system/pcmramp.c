// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pcmramp - play and record ramps on a sound card, by the kernel's own calls.
 *
 * usage: pcmramp /dev/snd/pcmC0D0p SECONDS [FILE]  play
 *        pcmramp /dev/snd/pcmC0D0c SECONDS         record and judge
 *
 * 48 kHz, 16 bits, stereo.  Frame n is n and its complement, as fakedev's sound
 * cards have it.  With FILE, a recording that somebody makes of what the card
 * plays, silence follows until all of it must be in there.  Prints
 * "frames=N faults=N xruns=N ms=N"; status 0 when no frame was lost, doubled or
 * changed and nothing ran over or under.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sound/asound.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RATE		48000u
#define PERIOD		2400u	/* frames: 50 ms */
/* The kernel calls it an error when nothing comes for as long as that. */
#define PERIODS		24u
#define FADE_PERIODS	6u
#define HEARD_PERIODS	600u	/* of patience with a recording */
#define HEARD_MORE	(RATE / 2)	/* frames: a card begins with silence */
#define SILENCE_MS	5000

struct ramp {
	int fd;
	uint32_t buf[PERIOD];
	uint64_t frames;
	unsigned int faults;
	unsigned int xruns;
	uint16_t next;
	int any;
};

static void die(const char *what)
{
	fprintf(stderr, "pcmramp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct snd_interval *interval(struct snd_pcm_hw_params *p, int var)
{
	return &p->intervals[var - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

static void want(struct snd_pcm_hw_params *p, int var, unsigned int value)
{
	interval(p, var)->min = value;
	interval(p, var)->max = value;
	interval(p, var)->integer = 1;
}

static void mask(struct snd_pcm_hw_params *p, int var, unsigned int bit)
{
	struct snd_mask *m = &p->masks[var - SNDRV_PCM_HW_PARAM_FIRST_MASK];

	memset(m, 0, sizeof(*m));
	m->bits[bit / 32] = 1u << (bit % 32);
}

static void setup(struct ramp *r, int playing)
{
	struct snd_pcm_hw_params hw = { .rmask = ~0u };
	struct snd_pcm_sw_params sw = {
		.period_step = 1,
		.avail_min = PERIOD,
		.start_threshold = playing ? PERIOD * (PERIODS - 1) : 1,
		.stop_threshold = PERIOD * PERIODS,
		.boundary = PERIOD * PERIODS,
	};
	int i;

	memset(hw.masks, 0xff, sizeof(hw.masks));
	for (i = 0; i <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL -
			 SNDRV_PCM_HW_PARAM_FIRST_INTERVAL; i++)
		hw.intervals[i].max = ~0u;
	mask(&hw, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	mask(&hw, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	want(&hw, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
	want(&hw, SNDRV_PCM_HW_PARAM_RATE, RATE);
	want(&hw, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, PERIOD);
	want(&hw, SNDRV_PCM_HW_PARAM_PERIODS, PERIODS);
	if (ioctl(r->fd, SNDRV_PCM_IOCTL_HW_PARAMS, &hw))
		die("HW_PARAMS");
	while (sw.boundary * 2 <= 0x7fffffff - PERIOD * PERIODS)
		sw.boundary *= 2;
	if (ioctl(r->fd, SNDRV_PCM_IOCTL_SW_PARAMS, &sw))
		die("SW_PARAMS");
	if (ioctl(r->fd, SNDRV_PCM_IOCTL_PREPARE))
		die("PREPARE");
}

/* One period to or from the card, however many calls it takes */
static int move(struct ramp *r, unsigned long call)
{
	struct snd_xferi xfer = { .buf = r->buf, .frames = PERIOD };

	if (!ioctl(r->fd, call, &xfer))
		return xfer.result == PERIOD ? 0 : -1;
	if (errno != EPIPE)
		die("transfer");
	r->xruns++;
	if (ioctl(r->fd, SNDRV_PCM_IOCTL_PREPARE))
		die("PREPARE");
	r->any = 0;
	return -1;
}

static void play(struct ramp *r)
{
	unsigned int i;

	for (i = 0; i < PERIOD; i++, r->next++)
		r->buf[i] = (uint32_t)(uint16_t)~r->next << 16 | r->next;
	move(r, SNDRV_PCM_IOCTL_WRITEI_FRAMES);
	r->frames += PERIOD;
}

static int is_heard(const struct ramp *r, const char *recording)
{
	struct stat st;

	if (stat(recording, &st))
		die(recording);
	return (uint64_t)st.st_size / sizeof(r->buf[0]) >
	       r->frames + HEARD_MORE;
}

/*
 * Silence behind the sound: what a driver or a card drops when it is stopped at
 * its end is not of interest here.
 */
static void fade(struct ramp *r, const char *recording)
{
	unsigned int i;

	memset(r->buf, 0, sizeof(r->buf));
	for (i = 0; i < FADE_PERIODS; i++)
		move(r, SNDRV_PCM_IOCTL_WRITEI_FRAMES);
	for (; recording && i < HEARD_PERIODS && !is_heard(r, recording); i++)
		move(r, SNDRV_PCM_IOCTL_WRITEI_FRAMES);
	if (ioctl(r->fd, SNDRV_PCM_IOCTL_DRAIN))
		die("DRAIN");
}

static void judge(struct ramp *r, uint32_t frame)
{
	uint16_t n = (uint16_t)frame;

	if (frame >> 16 != (uint16_t)~n || (r->any && n != r->next)) {
		if (r->faults++ < 10)
			printf("# frame %llu is %08x instead of %04x\n",
			       (unsigned long long)r->frames, frame, r->next);
	}
	r->next = n + 1;
	r->any = 1;
	r->frames++;
}

static void record(struct ramp *r)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	unsigned int i;

	if (r->any && poll(&pfd, 1, SILENCE_MS) <= 0) {
		errno = ETIMEDOUT;
		die("no sound");
	}
	if (move(r, SNDRV_PCM_IOCTL_READI_FRAMES))
		return;
	for (i = 0; i < PERIOD; i++)
		judge(r, r->buf[i]);
}

int main(int argc, char **argv)
{
	static struct ramp r;
	int playing;
	uint64_t end;
	long start;

	if (argc < 3 || argc > 4 || !*argv[1]) {
		fprintf(stderr,
			"usage: pcmramp /dev/snd/pcmC0D0p SECONDS [FILE]\n");
		return 2;
	}
	playing = argv[1][strlen(argv[1]) - 1] == 'p';
	end = strtoul(argv[2], NULL, 10) * RATE;
	r.fd = open(argv[1], playing ? O_WRONLY : O_RDONLY);
	if (r.fd < 0)
		die(argv[1]);
	setup(&r, playing);
	start = now_ms();
	while (r.frames < end && r.xruns < 100) {
		if (playing)
			play(&r);
		else
			record(&r);
	}
	if (playing)
		fade(&r, argv[3]);
	printf("frames=%llu faults=%u xruns=%u ms=%ld\n",
	       (unsigned long long)r.frames, r.faults, r.xruns,
	       now_ms() - start);
	return r.faults || r.xruns;
}
