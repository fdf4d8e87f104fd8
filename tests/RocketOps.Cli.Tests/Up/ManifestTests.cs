using RocketOps.Cli.Running;
using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class ManifestTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_SeveralDocuments_GivesEachWithItsText()
    {
        IReadOnlyList<Manifest> manifests = Read("# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    ---\n    text\n---\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: b, namespace: n }\n");

        manifests.Should().HaveCount(2);
        manifests[0].Should().BeEquivalentTo(new { Kind = "ConfigMap", Name = "a", Namespace = (string?)null });
        manifests[0].Text.Should().Contain("    ---\n    text");
        manifests[1].Should().BeEquivalentTo(new { Kind = "Secret", Name = "b", Namespace = "n" });
        manifests[1].Source.Should().EndWith("manifest.yaml:13", "that is where it begins");
    }

    [Fact]
    public void Read_SeparatorWithAComment_Separates()
    {
        IReadOnlyList<Manifest> manifests = Read("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n--- # the second\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n");

        manifests.Select(manifest => manifest.Name).Should().Equal("a", "b");
    }

    [Theory]
    [InlineData("kind: X\nmetadata: { name: a }\n", "apiVersion, kind and metadata.name")]
    [InlineData("- a\n- b\n", "a Kubernetes object is expected")]
    [InlineData("# first\n---\n\na: [\n", "manifest.yaml:5:")]
    public void Read_NotAnObject_SaysWhere(string text, string expected)
    {
        Func<IReadOnlyList<Manifest>>? read = () => Read(text);

        read.Should().Throw<CommandFailedException>().Which.Message.Should().Contain("manifest.yaml:").And.Contain(expected);
    }

    [Fact]
    public void ReadFiles_FolderAndStandardInput_AreReadInTheOrderGiven()
    {
        File.WriteAllText(_folder.File("b.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n");
        File.WriteAllText(_folder.File("a.yml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n");
        File.WriteAllText(_folder.File("notes.txt"), "no manifest");

        IReadOnlyList<Manifest> manifests = ManifestFiles.Read(["-", _folder.Path], new StringReader("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n"));

        manifests.Select(static manifest => manifest.Name).Should().Equal("c", "a", "b");
        manifests[0].Source.Should().Be("standard input:1");
    }

    [Fact]
    public void ReadFiles_NothingInThem_SaysSo()
    {
        File.WriteAllText(_folder.File("empty"), "# later\n---\n");
        string folder = Directory.CreateDirectory(_folder.File("folder")).FullName;

        FluentActions.Invoking(() => ManifestFiles.Read([_folder.File("empty")], TextReader.Null)).Should().Throw<CommandFailedException>().WithMessage($"{_folder.File("empty")} holds no object. *");
        FluentActions.Invoking(() => ManifestFiles.Read([folder], TextReader.Null)).Should().Throw<CommandFailedException>().WithMessage($"the folder {folder} has no .yaml, .yml or .json file.");
    }

    private static IReadOnlyList<Manifest> Read(string text) => Manifest.Read("manifest.yaml", text);
}
