using System.CommandLine;

namespace RocketOps.Cli.Arguments;

/// <summary>An option that names something of the cluster, which completion can list.</summary>
internal sealed class NameOption : Option<string?>
{
    private NameOption(string name, string alias, NameKind kind, string description)
        : base(name, alias)
    {
        Kind = kind;
        Description = description;
        HelpName = kind == NameKind.Topic ? "TOPIC" : "GROUP";
        this.CheckedBy(NameCheck.FindProblem);
    }

    public NameKind Kind { get; }

    public static NameOption Topic(string description) => new("--topic", "-t", NameKind.Topic, description);

    public static NameOption Group(string description) => new("--group", "-g", NameKind.Group, description);
}
