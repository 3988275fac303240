#ifndef SUBMITD_OUTCOME_H
#define SUBMITD_OUTCOME_H

/*
 * outcome - what every question that ends in an SMTP reply is answered with.
 * Failure is temporary unless somebody knows that it is permanent.
 */

enum outcome {
	OUTCOME_OK,
	OUTCOME_TEMPORARY,
	OUTCOME_PERMANENT,
};

#endif
