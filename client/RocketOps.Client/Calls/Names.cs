using System.Buffers;

namespace RocketOps.Client.Calls;

/// <summary>
/// Rules of brokers for names of topics and groups, checked before anything is sent. Matches the Java client's Validators and
/// TopicValidator.
/// </summary>
internal static class Names
{
    private const int MaxTopicChars = 127;

    private const int MaxGroupChars = 120;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("%|-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Throws <see cref="ArgumentException"/> saying what is wrong.</summary>
    public static void CheckTopic(string topic, string parameter) => Check("topic", topic, MaxTopicChars, parameter);

    /// <summary>Throws <see cref="ArgumentException"/> saying what is wrong.</summary>
    public static void CheckGroup(string group, string parameter) => Check("group", group, MaxGroupChars, parameter);

    private static void Check(string kind, string name, int longest, string parameter)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new ArgumentException($"a {kind} needs a name", parameter);
        }

        if (name.Length > longest)
        {
            throw new ArgumentException($"the {kind} name has {name.Length} characters, more than {longest}: {name}", parameter);
        }

        int wrong = name.AsSpan().IndexOfAnyExcept(Allowed);
        if (wrong >= 0)
        {
            throw new ArgumentException($"\"{name}\" cannot name a {kind}: '{name[wrong]}' is none of the characters a-z A-Z 0-9 _ - % |", parameter);
        }
    }
}
