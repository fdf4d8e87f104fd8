using System.CommandLine;
using RocketOps.Cli.Topics;

namespace RocketOps.Cli.Running;

/// <summary>An argument that names something of the cluster, which completion can list.</summary>
internal sealed class NameArgument : Argument<string>
{
    private NameArgument(string name, NameKind kind, string description)
        : base(name)
    {
        Kind = kind;
        Description = description;
        Validators.Add(result =>
        {
            if (result.Tokens is [{ } token] && TopicNames.FindProblem(token.Value) is { } problem)
            {
                result.AddError($"{name}: {problem}");
            }
        });
    }

    public NameKind Kind { get; }

    public static NameArgument Topic(string description = "Name of the topic") => new("TOPIC", NameKind.Topic, description);

    public static NameArgument Group(string description = "Name of the consumer group") => new("GROUP", NameKind.Group, description);
}

/// <summary>What a name is the name of.</summary>
internal enum NameKind
{
    Topic,
    Group,
}
