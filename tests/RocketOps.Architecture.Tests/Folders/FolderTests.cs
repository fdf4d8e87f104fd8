namespace RocketOps.Architecture.Tests.Folders;

/// <summary>Folders are floors: a file imports only folders that stand above its own in docs/folders.md, where the lowest comes first. So no two folders of a project reach each other.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. FolderTable.Read().Select(static table => table.Project)];

    [Fact]
    public void Table_EveryProject_IsInIt() => FolderTable.Read().Select(static table => table.Project).Should().BeEquivalentTo(ProjectGraph.Read().Projects);

    [Theory]
    [MemberData(nameof(Projects))]
    public void Table_FoldersOfAProject_AreThoseThatHaveCode(string project)
    {
        FolderTable table = TableOf(project);

        table.Folders.Should().BeEquivalentTo(SourceFolders.Read(table.Path).Folders).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Arrows_OfAProject_PointToLowerFolders(string project)
    {
        FolderTable table = TableOf(project);
        Dictionary<string, int> floors = table.Folders.Index().ToDictionary(static pair => pair.Item, static pair => pair.Index, StringComparer.Ordinal);
        SourceFolders sources = SourceFolders.Read(table.Path);
        IReadOnlyList<FolderArrow> arrows = [.. sources.ArrowsOf(TypeArrows.Of(AssemblyOf(project))), .. sources.Usings];
        arrows.Count.Should().BeGreaterThanOrEqualTo(table.Folders.Count / 2, "else nothing was looked at");

        arrows.Where(arrow => floors[arrow.To] > floors[arrow.From]).Select(static arrow => arrow.ToString()).Distinct(StringComparer.Ordinal).Should().BeEmpty();
    }

    private static FolderTable TableOf(string project) => FolderTable.Read().Single(table => table.Project == project);

    /// <summary>Path of the compiled project, which lies beside the tests.</summary>
    internal static string AssemblyOf(string project) =>
        Path.Combine(AppContext.BaseDirectory, (project == "RocketOps.Cli" ? "rocketops" : project) + ".dll");
}
