using RocketOps.Protocol.Names;

namespace RocketOps.Client.Calls;

/// <summary>
/// Rules of brokers for names of topics and groups, checked before anything is sent. Matches the Java client's Validators and
/// TopicValidator.
/// </summary>
internal static class Names
{
    /// <summary>Throws <see cref="ArgumentException"/> saying what is wrong.</summary>
    public static void CheckTopic(string topic, string parameter) => Check("topic", topic, TopicNames.MaxLength, parameter);

    /// <summary>Throws <see cref="ArgumentException"/> saying what is wrong.</summary>
    public static void CheckGroup(string group, string parameter) => Check("group", group, GroupNames.MaxLength, parameter);

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

        int wrong = NameLetters.IndexOfOther(name);
        if (wrong >= 0)
        {
            throw new ArgumentException($"\"{name}\" cannot name a {kind}: '{name[wrong]}' is none of the characters a-z A-Z 0-9 _ - % |", parameter);
        }
    }
}
