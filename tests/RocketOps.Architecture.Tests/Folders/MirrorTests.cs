using RocketOps.Testing;

namespace RocketOps.Architecture.Tests.Folders;

/// <summary>The tests of a class are found by its name: what is called <c>XTests</c> lies in the folder that <c>X</c> has in its project. Tests of a behaviour, which bear no class's name, lie where that behaviour is put together.</summary>
public sealed class MirrorTests
{
    private static readonly Dictionary<string, string[]> Tested = new(StringComparer.Ordinal)
    {
        ["RocketOps.Protocol.Tests"] = ["RocketOps.Protocol"],
        ["RocketOps.Hosting.Tests"] = ["RocketOps.Hosting"],
        ["RocketOps.Remoting.Tests"] = ["RocketOps.Remoting", "RocketOps.Remoting.Server"],
        ["RocketOps.NameServer.Tests"] = ["RocketOps.NameServer"],
        ["RocketOps.Store.Tests"] = ["RocketOps.Store"],
        ["RocketOps.Election.Tests"] = ["RocketOps.Election"],
        ["RocketOps.Broker.Tests"] = ["RocketOps.Broker"],
        ["RocketOps.Client.Tests"] = ["RocketOps.Client", "RocketOps.Client.Extensions"],
        ["RocketOps.Kubernetes.Tests"] = ["RocketOps.Kubernetes", "RocketOps.Kubernetes.Client"],
        ["RocketOps.Operator.Tests"] = ["RocketOps.Operator"],
        ["RocketOps.Embedded.Tests"] = ["RocketOps.Embedded"],
        ["RocketOps.Cli.Tests"] = ["RocketOps.Cli"],
    };

    public static TheoryData<string> TestProjects => [.. Tested.Keys];

    [Fact]
    public void Table_EveryProject_HasTests() => Tested.Values.SelectMany(static projects => projects).Should().BeEquivalentTo(ProjectGraph.Read().Projects);

    [Theory]
    [MemberData(nameof(TestProjects))]
    public void TestsOfAClass_LieInItsFolder(string tests)
    {
        SourceFolders[] tested = [.. FolderTable.Read().Where(table => Tested[tests].Contains(table.Project, StringComparer.Ordinal)).Select(static table => SourceFolders.Read(table.Path))];
        string root = Path.Combine(SharedKits.RepositoryRoot, "tests", tests);
        int found = 0;
        List<string> elsewhere = [];
        foreach (string file in Directory.EnumerateFiles(root, "*Tests.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file)))
        {
            string[] folders = [.. tested.SelectMany(project => project.FoldersOf(Path.GetFileName(file)[..^"Tests.cs".Length]))];
            string folder = Path.GetDirectoryName(file) is { Length: > 0 } path ? path.Replace(Path.DirectorySeparatorChar, '/') : FolderTable.Root;
            found += folders.Length > 0 ? 1 : 0;
            if (folders.Length > 0 && !folders.Contains(folder, StringComparer.Ordinal))
            {
                elsewhere.Add($"{tests}/{file} belongs to {string.Join(" or ", folders)}");
            }
        }

        found.Should().BePositive("else nothing was looked at");
        elsewhere.Should().BeEmpty();
    }
}
