using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class ManifestTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadFile_SeveralDocuments_GivesEachWithItsText()
    {
        IReadOnlyList<Manifest> manifests = Read("# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    ---\n    text\n---\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: b, namespace: n }\n");

        manifests.Should().HaveCount(2);
        manifests[0].Should().BeEquivalentTo(new { Kind = "ConfigMap", Name = "a", Namespace = (string?)null });
        manifests[0].Text.Should().Contain("    ---\n    text");
        manifests[1].Should().BeEquivalentTo(new { Kind = "Secret", Name = "b", Namespace = "n" });
        manifests[1].Source.Should().EndWith("manifest.yaml:13", "that is where it begins");
    }

    [Fact]
    public void ReadFile_SeparatorWithAComment_Separates()
    {
        IReadOnlyList<Manifest> manifests = Read("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n--- # the second\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n");

        manifests.Select(manifest => manifest.Name).Should().Equal("a", "b");
    }

    [Theory]
    [InlineData("kind: X\nmetadata: { name: a }\n", "apiVersion, kind and metadata.name")]
    [InlineData("- a\n- b\n", "a Kubernetes object is expected")]
    [InlineData("# first\n---\n\na: [\n", "manifest.yaml:5:")]
    public void ReadFile_NotAnObject_SaysWhere(string text, string expected)
    {
        Func<IReadOnlyList<Manifest>>? read = () => Read(text);

        read.Should().Throw<CommandFailedException>().Which.Message.Should().Contain("manifest.yaml:").And.Contain(expected);
    }

    private IReadOnlyList<Manifest> Read(string text)
    {
        File.WriteAllText(_folder.File("manifest.yaml"), text);
        return Manifest.ReadFile(_folder.File("manifest.yaml"));
    }
}
