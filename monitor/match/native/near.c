/* NEAR and ONEAR between terms of the texts, where blanks part all words: the commonest operators over places. */
#include "board.h"

#define MOST 64 /* places of a side; where there are more, Python looks */
#define BORDER 0x1F

typedef struct {
    Py_ssize_t start, end;
} Place;

/* A hit without the blanks of its pattern, and up to the blanks around: `ukrain*` stands for the word it begins. */
static Place whole_words(const Letters *letters, const Hit *hit)
{
    Py_ssize_t start = hit->start, end = hit->end;
    if (LETTER(letters, start) == ' ')
        start++;
    while (start > 0 && LETTER(letters, start - 1) != ' ')
        start--;
    if (LETTER(letters, end - 1) == ' ')
        end--;
    while (end < letters->length && LETTER(letters, end) != ' ')
        end++;
    return (Place){start, end};
}

/* The places of all signals of a side; how many, or more than MOST. */
static int find_side(const Board *self, const Article *article, const Letters *letters, int32_t side, Place *places)
{
    int count = 0;
    for (EACH(at, self->sides, side)) {
        int32_t signal = self->sides.values[at];
        if (!BIT(self->raised, signal))
            continue;
        for (EACH(row, self->patterns, signal)) {
            for (EACH_HIT(hit, article->links, self->patterns.values[row])) {
                if (count == MOST)
                    return MOST + 1;
                places[count++] = whole_words(letters, &article->found->hits[hit - 1]);
            }
        }
    }
    return count;
}

/* Have [start, end) so few words, and no border of a field? */
static int few_words(const Letters *letters, Py_ssize_t start, Py_ssize_t end, int32_t words)
{
    int32_t blanks = 0;
    for (Py_ssize_t at = start; at < end; at++) {
        Py_UCS4 letter = LETTER(letters, at);
        if (letter == BORDER || (letter == ' ' && blanks++ > words))
            return 0;
    }
    return 1;
}

static int are_near(const Letters *letters, Place left, Place right, const Near *near)
{
    if (left.end <= right.start)
        return few_words(letters, left.end, right.start, near->words);
    return right.end <= left.start && !near->ordered && few_words(letters, right.end, left.start, near->words);
}

static Answer judge_near(const Board *self, const Article *article, const Near *near)
{
    Letters letters = LETTERS_OF(article->found->text);
    Place left[MOST], right[MOST];
    int lefts = find_side(self, article, &letters, near->left, left);
    int rights = find_side(self, article, &letters, near->right, right);
    if (lefts > MOST || rights > MOST)
        return UNKNOWN;
    for (int one = 0; one < lefts; one++)
        for (int other = 0; other < rights; other++)
            if (are_near(&letters, left[one], right[other], near))
                return YES;
    return NO;
}

Answer judge_nears(const Board *self, Article *article, const int32_t *asks)
{
    if (asks[NEARS] == 0 || !article->found->spaced ||
        (article->links.first == NULL && link_hits(&article->links, article->found) < 0))
        return UNKNOWN;
    Answer answer = YES;
    for (int32_t at = 0; at < asks[NEARS]; at++) {
        Answer one = judge_near(self, article, &self->near[asks[FIRST_NEAR] + at]);
        if (one == NO)
            return NO;
        answer = one == UNKNOWN ? UNKNOWN : answer;
    }
    return answer;
}
