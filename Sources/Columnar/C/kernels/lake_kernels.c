#include "lake_kernels.h"
