using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Arguments;

/// <summary>Check of a name that was typed, of a topic or a group: brokers of 4.9 have groups with names as long as topics'.</summary>
internal static class NameCheck
{
    /// <summary>Finds why a name is not allowed; null when it is.</summary>
    public static string? FindProblem(string name) => name switch
    {
        "" => "a name is not empty.",
        _ when NameLetters.IndexOfOther(name) >= 0 => $"\"{name}\" has letters other than a-z, A-Z, 0-9, _, -, % and |.",
        _ when name.Length > MaxLength(name) => $"a name has at most {MaxLength(name)} letters, this one {name.Length}.",
        _ => null,
    };

    private static int MaxLength(string name) => TopicNames.IsRetryOrDeadLetter(name) ? TopicNames.MaxGroupTopicLength : TopicNames.MaxLength;
}
