/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs - what the kernel knows of a USB device, read without touching it.
 *
 * Does not watch for changes and asks no device.
 */
#ifndef P2PUSB_SERVER_SYSFS_H
#define P2PUSB_SERVER_SYSFS_H

#include <stddef.h>

#include "wire.h"

/**
 * sysfs_number() - a decimal attribute
 * @busid: of the device
 * @name: "busnum"
 * @value: out
 *
 * Return: 0, -ENODEV, -EIO.
 */
int sysfs_number(const char *busid, const char *name, unsigned int *value);

/**
 * sysfs_quirks() - what usbcore knows a device not to bear
 * @busid: of the device
 *
 * Return: USB_QUIRK_* of the kernel, 0 when it does not say.
 */
unsigned int sysfs_quirks(const char *busid);

/**
 * sysfs_open_node() - open what /dev/bus/usb has of a device
 * @busid: of the device or hub
 *
 * Return: file, -ENODEV, -EACCES.
 */
int sysfs_open_node(const char *busid);

/**
 * sysfs_is() - does an attribute say that?
 * @busid: of the device
 * @name: "power/runtime_status"
 * @text: its first line
 *
 * Return: non-zero when it does.
 */
int sysfs_is(const char *busid, const char *name, const char *text);

/**
 * sysfs_imported() - is it one that came over a wire already?
 * @busid: of a device
 *
 * Return: non-zero below a virtual host controller that imports devices.
 */
int sysfs_imported(const char *busid);

/**
 * sysfs_strings() - manufacturer, product, serial
 * @device: busid in, strings out; empty where the device has none
 *
 * May block for seconds: the kernel locks the device to read them.
 */
void sysfs_strings(struct wire_device *device);

/**
 * sysfs_holder() - who keeps an interface of a device
 * @busid: of the device
 * @buf: sentence, "" when nobody is found
 * @len: its size
 */
void sysfs_holder(const char *busid, char *buf, size_t len);

#endif /* P2PUSB_SERVER_SYSFS_H */
