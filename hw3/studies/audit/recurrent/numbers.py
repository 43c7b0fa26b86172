"""The numbers that the five documents print for the RNN and LSTM problems, digit for digit, and their places.

Constants of a formula (the 0.5 in the loss, the 1 in 1 - h^2) are not listed; parameters, sequence,
learning rates and epsilon are, as "given".
"""

from typing import NamedTuple


class Printed(NamedTuple):
    """Numbers that stand together in one place of a document, separated by blanks, row by row.

    `name` and `at` say which of the quantities in `values.values` they are meant to be; steps
    and entries count from 0 there. `part` is the problem and its part as the document numbers them.
    """

    document: str
    part: str
    what: str
    name: str
    at: tuple[int, ...]
    digits: str

    @property
    def problem(self) -> int:
        """The assignment's number of the problem: document 004 calls 3 and 5 its 5 and 7."""
        given = int(self.part[0])
        return {5: 3, 7: 5}[given] if self.document == "004" else given


def _000(block: str) -> list[Printed]:
    """Document 000 prints the same lines twice: first as a summary, then under (2) to (5)."""
    rows = [
        ("2", "L(b1 + epsilon)", "loss_plus", (0,), "3.00720699"),
        ("2", "L(b1 - epsilon)", "loss_minus", (0,), "3.00720898"),
        ("2", "central difference, b1", "differences", (0,), "-0.00996139"),
        ("2", "L(b2 + epsilon)", "loss_plus", (1,), "3.00725138"),
        ("2", "L(b2 - epsilon)", "loss_minus", (1,), "3.00716458"),
        ("2", "central difference, b2", "differences", (1,), "0.43400996"),
        ("3", "y1 of the last step", "y_hat", (2, 0), "0.94001124"),
        ("3", "y2 of the last step", "y_hat", (2, 1), "0.05998876"),
        ("3", "old loss", "loss", (), "3.00720799"),
        ("3", "unfolding, dL/db1", "gradient", (0,), "-0.00996139"),
        ("3", "unfolding, dL/db2", "gradient", (1,), "0.43400995"),
        ("4", "new b", "new_b", (), "-0.99998008 0.99913198"),
        ("5", "new loss", "new_loss", (), "3.0068308"),
    ]
    return [Printed("000", f"3({part}){block}", *row) for part, *row in rows]  # type: ignore[arg-type]


def _table(document: str, rows: str) -> list[Printed]:
    """Rows of `part | what | name | at | digits`."""
    entries = []
    for line in rows.strip().splitlines():
        part, what, name, at, digits = (cell.strip() for cell in line.split("|"))
        entries.append(Printed(document, part, what, name, tuple(map(int, at.split())), digits))
    return entries


_001 = """
3(1) | y, t=1 | y_hat | 0 | 0.94921601 0.05078399
3(1) | y, t=2 | y_hat | 1 | 0.95221995 0.04778005
3(1) | y, t=3 | y_hat | 2 | 0.94001124 0.05998876
3(1) | loss, t=1 | step_losses | 0 | 3.181969072144948
3(1) | loss, t=2 | step_losses | 1 | 3.2456499539124866
3(1) | loss, t=3 | step_losses | 2 | 3.007207986556634
3(2) | dL/db1 | differences | 0 | -0.009961
3(2) | dL/db2 | differences | 1 | 0.434009
3(3) | da1/db1, t=3 | da_db | 2 0 0 | 2.572895
3(3) | da2/db1, t=3 | da_db | 2 1 0 | 0
3(3) | da1/db1, t=3, used in dL/db1 | da_db | 2 0 0 | 2.572895
3(3) | dL/db1, first term | through_a | 0 0 | -0.009961
3(3) | dL/db1, second term | through_a | 1 0 | 0
3(3) | dL/db1 | gradient | 0 | -0.009961
3(3) | da1/db2, t=3 | da_db | 2 0 1 | -0.01329
3(3) | da2/db2, t=3 | da_db | 2 1 1 | 1.02599
3(3) | dL/db2 | gradient | 1 | 0.43401
3(4) | learning rate | given_learning_rate | | 0.01
3(4) | new b1 | new_b | 0 | -1.02379892
3(4) | new b2 | new_b | 1 | 0.99573221
3(5) | y with the new b, t=1 | new_y_hat | 0 | 0.94920082 0.05079918
3(5) | y with the new b, t=2 | new_y_hat | 1 | 0.95221729 0.04778271
3(5) | y with the new b, t=3 | new_y_hat | 2 | 0.93990339 0.06009661
3(5) | loss with the new b, t=1 | new_step_losses | 0 | 3.181656470686603
3(5) | loss with the new b, t=2 | new_step_losses | 1 | 3.24559190013447
3(5) | loss with the new b, t=3 | new_step_losses | 2 | 3.0053167625193016
"""

_002 = """
3 | b | given_b | | -1 1
3 | c | given_c | | 0.5 -0.5
3 | W | given_W | | 1 -1 0 2
3 | U | given_U | | -1 0 1 -2
3 | V | given_V | | -2 1 -1 0
3 | x, t=1 | given_x | 0 | 1 0
3 | x, t=2 | given_x | 1 | 0.50 0.25
3 | x, t=3 | given_x | 2 | 0 1
3(1) | y, t=1 | y_hat | 0 | 0.94921601 0.05078399
3(1) | y, t=2 | y_hat | 1 | 0.95221995 0.04778005
3(1) | y, t=3 | y_hat | 2 | 0.94001124 0.05998876
3(1) | loss | loss | | 3.007207986556634
3(2) | epsilon | given_epsilon | | 0.0001
3(2) | dL/db1 | differences | 0 | -0.009961388396373394
3(2) | dL/db2 | differences | 1 | 0.43400995503928286
3(3) | dL/db1 | gradient | 0 | -0.009961388396373394
3(3) | dL/db2 | gradient | 1 | 0.43400995503928286
3(3) | dL/da1, t=3 | dL_da_direct | 2 0 | -0.00991676
3(3) | dL/da2, t=3 | dL_da_direct | 2 1 | 0.422889
3(3) | dh1/db1, t=2 | dh_db | 1 0 0 | 0.004500106
3(3) | dh2/db1, t=2 | dh_db | 1 1 0 | 0
3(3) | dh1/db1, t=1 | dh_db | 0 0 0 | 0.07065
3(3) | dh2/db1, t=1 | dh_db | 0 1 0 | 0
3(3) | da1/db1, t=1 | da_db | 0 0 0 | 1
3(3) | da2/db1, t=1 | da_db | 0 1 0 | 0
3(3) | da1/db1, t=2 | da_db | 1 0 0 | 1.07065
3(3) | da2/db1, t=2 | da_db | 1 1 0 | 0
3(3) | da1/db1, t=3 | da_db | 2 0 0 | 1.004500106
3(3) | da2/db1, t=3 | da_db | 2 1 0 | 0
3(3) | dL/db1, equation (3) | gradient | 0 | -0.009961388
3(3) | dh1/db2, t=1 (printed with a superscript 4) | dh_db | 0 0 1 | 0
3(3) | dh2/db2, t=1 (printed with a superscript 4) | dh_db | 0 1 1 | 0.0706508
3(3) | da1/db2, t=2 | da_db | 1 0 1 | -0.07065
3(3) | da2/db2, t=2 | da_db | 1 1 1 | 1.1413016
3(3) | dh1/db2, t=2 | dh_db | 1 0 1 | -0.00029695
3(3) | dh2/db2, t=2 | dh_db | 1 1 1 | 0.012997
3(3) | da1/db2, t=3 | da_db | 2 0 1 | -0.0132897
3(3) | da2/db2, t=3 | da_db | 2 1 1 | 1.025985517
3(3) | dL/db2, equation (4) | gradient | 1 | 0.434009953
3(4) | learning rate | given_learning_rate | | 0.002
3(4) | new b1 | new_b | 0 | 0.99998008
3(4) | new b2 | new_b | 1 | 0.99913184
3(5) | loss with the new b | new_loss | | 3.006830735098699
"""

_003 = """
3(1) | y, t=1 | y_hat | 0 | 0.94921601 0.05078399
3(1) | y, t=2 | y_hat | 1 | 0.95221995 0.04778005
3(1) | y, t=3 | y_hat | 2 | 0.94001124 0.05998876
3(1) | loss | loss | | 9.434827012614068
3(2) | L(b1 - epsilon) | loss_minus | 0 | 9.434835467223774
3(2) | L(b1 + epsilon) | loss_plus | 0 | 9.43481855635174
3(2) | dL/db1 | differences | 0 | -0.08455436017129614
3(2) | L(b2 - epsilon) | loss_minus | 1 | 9.434775274858213
3(2) | L(b2 + epsilon) | loss_plus | 1 | 9.434878741709078
3(2) | dL/db2 | differences | 1 | 0.5173342543240977
3(3) | dl/dy, "t=0" | dL_dy | 0 | 0.89843201 -19.691243652
3(3) | dy/do, "t=0" | dy_do | 0 | 0.04820498 -0.04820498 -0.04820498 0.04820498
3(3) | dl/do, "t=0" | dL_do | 0 | 0.9925249 -0.9925249
3(3) | do/dh, "t=0" | do_dh | | -2 1 -1 0
3(3) | dl/dh, "t=0" | dL_dh_direct | 0 | -0.9925249 0.9925249
3(3) | dl/da, "t=0" | dL_da_direct | 0 | -0.0701227 0.0701227
3(3) | da/db, "t=0" | da_db | 0 | 1 0 0 1
3(3) | dl/db, "t=0" | dL_db_direct | 0 | -0.0701227 0.0701227
3(3) | dl/dy, "t=1" | dL_dy | 1 | 0.9044399 -20.9292368
3(3) | dy/do, "t=1" (in one column) | dy_do | 1 | 0.04549712 -0.04549712 -0.04549712 0.04549712
3(3) | dl/do, "t=1" (three entries) | dL_do | 1 | 0.99336936 -0.99336936 -0.99336936
3(3) | do/dh, "t=1" | do_dh | | -2 1 -1 0
3(3) | dl/dh, "t=1" | dL_dh_direct | 1 | -0.99336936 0.99336936
3(3) | dh/da, "t=1" | dh_da | 1 | 0.00420315 0.01138416
3(3) | dl/da, "t=1" | dL_da_direct | 1 | 0.07065082 0.01130867
3(3) | dh/db used at "t=1" (upper right entry missing) | dh_db | 0 0 0 | 0.07065082
3(3) | dh/db used at "t=1", second row | dh_db | 0 1 | 0. 0.7065082
3(3) | da/db, "t=1" (upper right entry missing) | da_db | 1 0 0 | 1.07065082
3(3) | da/db, "t=1", second row | da_db | 1 1 | 0. 1.14130165
3(3) | dl/db, "t=1" | dL_db_direct | 1 | -0.00447027 0.0132016
3(3) | dl/dy, "t=2" | dL_dy | 2 | 0.88002248 -16.66978991
3(3) | dy/do, "t=2" (last entry missing) | dy_do | 2 | 0.05639011 -0.05639011 -0.05639011
3(3) | dl/do, "t=2" | dL_do | 2 | 0.9896358 -0.9896358
3(3) | do/dh, "t=2" | do_dh | | -2 1 -1 0
3(3) | dl/dh, "t=2" | dL_dh_direct | 2 | -0.9896358 0.9896358
3(3) | dh/da, "t=2" | dh_da | 2 | 0.01002062 0.42731798
3(3) | dl/da, "t=2" | dL_da_direct | 2 | -0.00991676 0.42288917
3(3) | dh/db used at "t=2" | dh_db | 1 | 0.00450011 -0.00029696 0. 0.01299276
3(3) | da/db, "t=2" | da_db | 2 | 1.00450011 -0.01328971 0. 1.02598552
3(3) | dl/db, "t=2" | dL_db_direct | 2 | -0.00996139 0.43400995
3(3) | dl/db, the three added | gradient | | -0.08455436 0.51733425
3(4) | new b | new_b | | -1.00084554 1.00517334
3(5) | loss with the new b | new_loss | | 9.437563229688841
"""

_004 = """
5(1) | y, t=1 | y_hat | 0 | 0.94921601 0.05078399
5(1) | y, t=2 | y_hat | 1 | 0.95221995 0.04778005
5(1) | y, t=3 | y_hat | 2 | 0.94001124 0.05998876
5(1) | loss | loss | | 0.255473337380186
5(2) | dL/db1 | differences | 0 | 0.00010432302510743341
5(2) | dL/db2 | differences | 1 | -0.0045452732375795055
5(3) | dL/dy, t=3 | dL_dy | 2 | -1.06381706 -0.88002248
5(3) | dy/dh, t=3 | dy_dh | 2 | -0.05639011 0.05639011 0.05639011 -0.05639011
5(3) | dh/db in step 3 | dh_da_matrix | 2 | 0.01002062 0 0 0.42731798
5(3) | dL/db in step 3 | shares | 2 | 0.00010386 -0.00442881
5(3) | dh(3)/dh(2) | dh_dh | 2 | 0.01002062 -0.01002062 0 0.85463595
5(3) | dh/db in step 2 | dh_da_matrix | 1 | 0.00420315 0 0 0.01138416
5(3) | dL/db in step 2 | shares | 1 | 4.36520935e-07 -1.02018799e-04
5(3) | dh(2)/dh(1) | dh_dh | 1 | 0.01002062 -0.01002062 0 0.85463595
5(3) | dh/db in step 1 | dh_da_matrix | 0 | 0.07065082 0 0 0.07065082
5(3) | dL/db in step 1 | shares | 0 | 3.08405641e-08 -1.44462651e-05
5(3) | dL/db | gradient | | 0.00010432 -0.00454527
5(4) | new b | new_b | | -1.00000021 1.00000909
5(5) | loss with the new b | new_loss | | 0.25547329603987234
7 | s in step 0 | given_s0 | | 0.1 0.1
7 | y, t=1 | lstm_y_hat | 0 | 0.83367573 0.16632427
7 | y, t=2 | lstm_y_hat | 1 | 0.86175934 0.13824066
7 | y, t=3 | lstm_y_hat | 2 | 0.83104223 0.16895777
7 | loss | lstm_loss | | 0.2946636237723147
7 | dL/db_f in step 3 | lstm_shares | 2 | 0.00013102 -0.01754358
7 | dL/db_f in step 2 | lstm_shares | 1 | -2.91351203e-07 -8.19807080e-04
7 | dL/db_f in step 1 | lstm_shares | 0 | -2.74254195e-10 -1.07033861e-05
7 | dL/db_f | lstm_gradient | | 0.00013073 -0.01837409
"""

NUMBERS: tuple[Printed, ...] = (
    *_000(", summary"),
    Printed("000", "3(1)", "y1, t=1", "y_hat", (0, 0), "0.94921601"),
    Printed("000", "3(1)", "y2, t=1", "y_hat", (0, 1), "0.05078399"),
    Printed("000", "3(1)", "loss, t=1", "step_losses", (0,), "3.18196907"),
    Printed("000", "3(1)", "y1, t=2", "y_hat", (1, 0), "0.95221995"),
    Printed("000", "3(1)", "y2, t=2", "y_hat", (1, 1), "0.04778005"),
    Printed("000", "3(1)", "loss, t=2", "step_losses", (1,), "3.24564995"),
    Printed("000", "3(1)", "y1, t=3", "y_hat", (2, 0), "0.94001124"),
    Printed("000", "3(1)", "y2, t=3", "y_hat", (2, 1), "0.05998876"),
    Printed("000", "3(1)", "loss, t=3", "step_losses", (2,), "3.00720799"),
    *_000(""),
    *_table("001", _001),
    *_table("002", _002),
    *_table("003", _003),
    *_table("004", _004),
)
