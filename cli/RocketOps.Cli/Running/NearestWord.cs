namespace RocketOps.Cli.Running;

/// <summary>Word that somebody who mistyped one probably meant.</summary>
internal static class NearestWord
{
    /// <summary>The candidate with the fewest letters to change, swap, add or leave out; null when none is close.</summary>
    public static string? Find(string word, IEnumerable<string> candidates)
    {
        string? nearest = null;
        int least = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            bool isClose = distance <= Math.Max(1, Math.Max(word.Length, candidate.Length) / 3)
                || (word.Length >= 3 && candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase));
            if (isClose && distance < least)
            {
                (nearest, least) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>" Did you mean X?" with the blank in front, or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> candidates) => Find(word, candidates) is { } nearest ? $" Did you mean {nearest}?" : string.Empty;

    /// <summary>Optimal string alignment, upper and lower case alike.</summary>
    private static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0 ? i + j : Step(left, right, cost, i, j);
            }
        }

        return cost[left.Length, right.Length];
    }

    private static int Step(string left, string right, int[,] cost, int i, int j)
    {
        bool same = Same(left[i - 1], right[j - 1]);
        int best = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (same ? 0 : 1));
        return i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]) ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
    }

    private static bool Same(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}
