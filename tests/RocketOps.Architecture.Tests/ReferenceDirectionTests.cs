namespace RocketOps.Architecture.Tests;

/// <summary>Arrows between projects point one way (ARCHITECTURE.md). A new arrow is a decision: change the table here and the map there together.</summary>
public sealed class ReferenceDirectionTests
{
    /// <summary>What each project may know. Whatever is not listed it must not, not even through others.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["RocketOps.Protocol"] = [],
        ["RocketOps.Hosting"] = [],
        ["RocketOps.Remoting"] = ["RocketOps.Protocol"],
        ["RocketOps.Remoting.Server"] = ["RocketOps.Protocol", "RocketOps.Remoting"],
        ["RocketOps.Store"] = ["RocketOps.Protocol"],
        ["RocketOps.Election"] = ["RocketOps.Protocol"],
        ["RocketOps.NameServer"] = ["RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Remoting", "RocketOps.Remoting.Server"],
        ["RocketOps.Broker"] = ["RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Remoting", "RocketOps.Remoting.Server", "RocketOps.Store", "RocketOps.Election", "RocketOps.Kubernetes.Client"],
        ["RocketOps.Client"] = ["RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Remoting"],
        ["RocketOps.Client.Extensions"] = ["RocketOps.Client", "RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Remoting"],
        ["RocketOps.Kubernetes.Client"] = [],
        ["RocketOps.Kubernetes"] = ["RocketOps.Kubernetes.Client"],
        ["RocketOps.Operator"] = ["RocketOps.Kubernetes", "RocketOps.Kubernetes.Client", "RocketOps.Client", "RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Remoting"],
        ["RocketOps.Embedded"] = ["RocketOps.Hosting", "RocketOps.Kubernetes", "RocketOps.Kubernetes.Client"],
        ["RocketOps.Cli"] =
        [
            "RocketOps.Protocol", "RocketOps.Hosting", "RocketOps.Client", "RocketOps.Remoting", "RocketOps.Remoting.Server", "RocketOps.Store", "RocketOps.Election", "RocketOps.Broker", "RocketOps.NameServer",
            "RocketOps.Kubernetes", "RocketOps.Kubernetes.Client", "RocketOps.Operator", "RocketOps.Embedded",
        ],
    };

    private readonly ProjectGraph _graph = ProjectGraph.Read();

    public static TheoryData<string> Projects
    {
        get
        {
            TheoryData<string> projects = [];
            foreach (string project in ProjectGraph.Read().Projects)
            {
                projects.Add(project);
            }

            return projects;
        }
    }

    [Fact]
    public void Map_EveryProject_IsInTheTable()
    {
        _graph.Projects.Should().BeEquivalentTo(Allowed.Keys);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_OfAProject_AreAllowed(string project)
    {
        _graph.AllReferences(project).Should().BeSubsetOf(Allowed[project]);
    }

    [Theory]
    [InlineData("RocketOps.Store", "RocketOps.Remoting")]
    [InlineData("RocketOps.Remoting", "RocketOps.Store")]
    public void StoreAndRemoting_DoNotKnowEachOther(string project, string other)
    {
        _graph.AllReferences(project).Should().NotContain(other);
    }
}
