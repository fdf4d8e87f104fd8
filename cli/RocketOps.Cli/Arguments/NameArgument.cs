using System.CommandLine;

namespace RocketOps.Cli.Arguments;

/// <summary>An argument that names something of the cluster, which completion can list.</summary>
internal sealed class NameArgument : Argument<string>, INamed
{
    private NameArgument(string name, NameKind kind, string description)
        : base(name)
    {
        Kind = kind;
        Description = description;
        this.CheckedBy(NameCheck.FindProblem);
    }

    public NameKind Kind { get; }

    public static NameArgument Topic(string description = "Name of the topic") => new("TOPIC", NameKind.Topic, description);

    public static NameArgument Group(string description = "Name of the consumer group") => new("GROUP", NameKind.Group, description);
}

/// <summary>An argument whose values are names of one kind.</summary>
internal interface INamed
{
    NameKind Kind { get; }
}

/// <summary>Kind of a named thing.</summary>
internal enum NameKind
{
    Topic,
    Group,
}
