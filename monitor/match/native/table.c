/* Rows of numbers in two flat arrays. */
#include "kernel.h"

int grow(void **items, Py_ssize_t *room, Py_ssize_t needed, size_t size)
{
    if (needed <= *room)
        return 0;
    Py_ssize_t wanted = needed + needed / 2 + 16;
    void *grown = wanted > PY_SSIZE_T_MAX / (Py_ssize_t)size ? NULL : PyMem_Realloc(*items, wanted * size);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    *items = grown;
    *room = wanted;
    return 0;
}

int table_add(Table *table, int32_t value)
{
    if (table->size == INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "more than 2**31 numbers in a table");
        return -1;
    }
    if (grow((void **)&table->values, &table->room, table->size + 1, sizeof(int32_t)) < 0)
        return -1;
    table->values[table->size++] = value;
    return 0;
}

int table_add_all(Table *table, PyObject *numbers, Py_ssize_t below)
{
    PyObject *item, *every = PyObject_GetIter(numbers);
    if (every == NULL)
        return -1;
    while ((item = PyIter_Next(every))) {
        long value = PyLong_AsLong(item);
        Py_DECREF(item);
        if (value < 0 || value >= below) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ValueError, "%ld is not below %zd", value, below);
            break;
        }
        if (table_add(table, (int32_t)value) < 0)
            break;
    }
    Py_DECREF(every);
    return PyErr_Occurred() ? -1 : 0;
}

static int end_row(Table *table)
{
    if (grow((void **)&table->starts, &table->start_room, table->rows + 2, sizeof(int32_t)) < 0)
        return -1;
    if (table->rows == 0)
        table->starts[0] = 0;
    table->starts[++table->rows] = (int32_t)table->size;
    return 0;
}

int table_add_row(Table *table, PyObject *numbers, Py_ssize_t below)
{
    return table_add_all(table, numbers, below) < 0 ? -1 : end_row(table);
}

int table_add_rows(Table *table, PyObject *rows, Py_ssize_t below)
{
    PyObject *every = PySequence_Fast(rows, "rows are a sequence");
    int failed = every == NULL;
    for (Py_ssize_t at = 0; !failed && at < PySequence_Fast_GET_SIZE(every); at++)
        failed = table_add_row(table, PySequence_Fast_GET_ITEM(every, at), below) < 0;
    Py_XDECREF(every);
    return failed ? -1 : 0;
}

int table_turn(Table *turned, const Table *table, Py_ssize_t numbers)
{
    turned->starts = PyMem_Calloc(numbers + 2, sizeof(int32_t));
    turned->values = PyMem_Calloc(table->size + 1, sizeof(int32_t));
    if (turned->starts == NULL || turned->values == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    /* Row n is counted in starts[n + 2]; added up, starts[n + 1] says where it begins; filled, where it ends. */
    for (Py_ssize_t at = 0; at < table->size; at++)
        turned->starts[table->values[at] + 2]++;
    for (Py_ssize_t number = 2; number <= numbers; number++)
        turned->starts[number] += turned->starts[number - 1];
    for (Py_ssize_t row = 0; row < table->rows; row++)
        for (int32_t at = table->starts[row]; at < table->starts[row + 1]; at++)
            turned->values[turned->starts[table->values[at] + 1]++] = (int32_t)row;
    turned->rows = numbers;
    turned->size = table->size;
    return 0;
}

void table_free(Table *table)
{
    PyMem_Free(table->starts);
    PyMem_Free(table->values);
}
