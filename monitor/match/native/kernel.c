/* The module. */
#include "kernel.h"

static struct PyModuleDef kernel = {
    PyModuleDef_HEAD_INIT,
    .m_name = "monitor.match.native.kernel",
    .m_doc = "The inner loops of matching.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_kernel(void)
{
    PyTypeObject *types[] = {&FoundType, &SearchType, &BoardType, &SignsType, &StageType, &FolderType};
    PyObject *module = PyModule_Create(&kernel);
    for (size_t at = 0; module && at < sizeof types / sizeof *types; at++)
        if (PyModule_AddType(module, types[at]) < 0)
            Py_CLEAR(module);
    return module;
}
