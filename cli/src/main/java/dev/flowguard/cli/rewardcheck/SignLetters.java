package dev.flowguard.cli.rewardcheck;

import java.util.Map;

/** Letters of 5 x 7 dots, and where their ink is in an image that shows a word as large as fits. */
final class SignLetters {

    private static final int COLUMNS = 5;
    private static final int ROWS = 7;
    private static final int ADVANCE = COLUMNS + 1;

    private static final Map<Character, String[]> DOTS = Map.of(
            'H', new String[] {"#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"},
            'E', new String[] {"#####", "#....", "#....", "####.", "#....", "#....", "#####"},
            'L', new String[] {"#....", "#....", "#....", "#....", "#....", "#....", "#####"},
            'P', new String[] {"####.", "#...#", "#...#", "####.", "#....", "#....", "#...."});

    private SignLetters() {}

    /**
     * Whether a pixel is inked.
     *
     * @param word of the letters H, E, L and P
     */
    static boolean isInk(String word, int x, int y, int width, int height) {
        int columns = word.length() * ADVANCE - 1;
        int dot = Math.max(1, Math.min(width / (columns + 2), height / (ROWS + 2)));
        int column = Math.floorDiv(x - (width - columns * dot) / 2, dot);
        int row = Math.floorDiv(y - (height - ROWS * dot) / 2, dot);
        if (column < 0 || column >= columns || row < 0 || row >= ROWS || column % ADVANCE == COLUMNS) {
            return false;
        }
        String[] letter = DOTS.get(word.charAt(column / ADVANCE));
        return letter != null && letter[row].charAt(column % ADVANCE) == '#';
    }
}
