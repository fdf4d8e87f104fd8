using RocketOps.Protocol.Records;

namespace RocketOps.Cli.Messages;

/// <summary>
/// Key of a message. A message has its keys in one property with blanks between them, and the index of a broker has an entry for each word.
/// </summary>
internal static class MessageKey
{
    private const string WithoutBlanks = "Give a key without blanks.";

    /// <summary>Finds why a message that is sent with the key cannot be found by it; null when it can.</summary>
    public static string? FindProblem(string key) => FindProblem(
        key, "has a blank, which separates keys.", static words => $"Give each word as a key of its own: {string.Join(' ', words.Select(static word => $"--key {word}"))}.");

    /// <summary>Finds the same of a key in a JSON array.</summary>
    public static string? FindProblemInArray(string key) => FindProblem(
        key, "has a blank, which separates keys.", static words => $"Give each word as a key of its own: [{string.Join(", ", words.Select(static word => $"\"{word}\""))}].");

    /// <summary>Finds why no message can be found by the key; null when one can.</summary>
    public static string? FindLookupProblem(string key) => FindProblem(
        key, "has a blank, and brokers store each word as a key.", static words => $"Look for one of the words: --key {words[0]}.");

    private static string? FindProblem(string key, string problem, Func<string[], string> remedy)
    {
        if (key.Length == 0)
        {
            return "a key is not empty.";
        }

        string[] words = key.Split(PropertyNames.KeySeparator, StringSplitOptions.RemoveEmptyEntries);
        return words is [var only] && only == key ? null : $"\"{key}\" {problem} {(words.Length == 0 ? WithoutBlanks : remedy(words))}";
    }
}
