"""Options of XLA's compiler for programs that take longer to compile than to run.

All compute the same to rounding, and whole numbers and what is only moved to the bit.
"""

import jax

# JAX 0.10 compiles fusions by way of MLIR unless told otherwise; later versions know no other way.
_WITHOUT_MLIR = {"xla_cpu_use_fusion_emitters": "False"} if jax.__version_info__ < (0, 11) else {}

# For what runs once or twice, on little: a fraction of the time to compile.
QUICKLY = {"xla_backend_optimization_level": "0"}

# The same, a half of that again on JAX 0.10; its loops are slow.
ONCE = QUICKLY | _WITHOUT_MLIR

# For what runs some dozen times: as fast as usual, in two thirds of the time to compile on JAX 0.10.
LIGHTLY = {"xla_backend_optimization_level": "1"} | _WITHOUT_MLIR

# For random numbers, eigenvalues and orthogonal matrices: a half of the usual time or less, and the same bits.
DRAWING: dict[str, str | bool] = {"xla_backend_optimization_level": "1"}
