/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log - one line for a person on stderr (the journal adds time and unit).
 *
 * Never given keys or payload.  Not a trace: working daemons are nearly
 * silent.  Control characters of a text from elsewhere are replaced.
 */
#ifndef P2PUSB_LIB_LOG_H
#define P2PUSB_LIB_LOG_H

enum log_level {
	LOG_LEVEL_ERR = 3,	/* syslog's numbers, "<3>" for the journal */
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_NOTE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/**
 * log_open() - name and threshold of this process; before the first thread
 * @program: static name
 * @level: most detailed level that is printed
 */
void log_open(const char *program, enum log_level level);

/**
 * log_line() - print one line; any thread
 * @level: of this line
 * @fmt: printf, no newline
 */
void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_err(...)	log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_note(...)	log_line(LOG_LEVEL_NOTE, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* P2PUSB_LIB_LOG_H */
