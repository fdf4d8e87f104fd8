using System.CommandLine;

namespace RocketOps.Cli.Running;

/// <summary>
/// Values of options that are on or off: <c>--yes</c>, <c>--yes=true</c> or <c>--yes=false</c>. The parser reads any other value as an
/// argument and turns the option on, so such a line is refused before it runs.
/// </summary>
internal static class Switches
{
    /// <summary>Words that a user means as the value of the option before them, and that could be an argument.</summary>
    private static readonly string[] Values = ["true", "false", "yes", "no", "on", "off"];

    /// <summary>
    /// Finds the first value of such an option that is neither true nor false, or a word of its own; null when there is none.
    /// </summary>
    public static string? FindProblem(Command command, IReadOnlyList<string> words)
    {
        Dictionary<string, string> names = NamesOf(command);
        for (int i = 0; i < words.Count && words[i] != "--"; i++)
        {
            string word = words[i];
            if (names.TryGetValue(word, out string? alone))
            {
                if (i + 1 < words.Count && Values.Contains(words[i + 1], StringComparer.OrdinalIgnoreCase))
                {
                    return $"\"{word} {words[i + 1]}\": {Allowed(alone)} An argument {words[i + 1]} belongs before {word}.";
                }
            }
            else if (word.IndexOfAny(['=', ':']) is > 0 and int end
                && names.TryGetValue(word[..end], out string? name) && !IsTrueOrFalse(word[(end + 1)..]))
            {
                return $"{word[..end]} is not \"{word[(end + 1)..]}\": {Allowed(name)}";
            }
        }

        return null;
    }

    private static string Allowed(string name) => $"it takes {name}, {name}=true or {name}=false.";

    private static bool IsTrueOrFalse(string value) =>
        value.Equals("true", StringComparison.OrdinalIgnoreCase) || value.Equals("false", StringComparison.OrdinalIgnoreCase);

    /// <summary>The option's name by each spelling of it.</summary>
    private static Dictionary<string, string> NamesOf(Command command)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (Option option in command.Options.Where(static option => option.ValueType == typeof(bool)))
        {
            names[option.Name] = option.Name;
            foreach (string alias in option.Aliases)
            {
                names[alias] = option.Name;
            }
        }

        return names;
    }
}
