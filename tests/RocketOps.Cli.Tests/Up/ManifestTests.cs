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
        var manifests = Read("# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    ---\n    text\n---\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: b, namespace: n }\n");

        manifests.Should().HaveCount(2);
        manifests[0].Should().BeEquivalentTo(new { Kind = "ConfigMap", Name = "a", Namespace = (string?)null });
        manifests[0].Text.Should().Contain("    ---\n    text");
        manifests[1].Should().BeEquivalentTo(new { Kind = "Secret", Name = "b", Namespace = "n" });
    }

    [Theory]
    [InlineData("kind: X\nmetadata: { name: a }\n", "apiVersion, kind and metadata.name")]
    [InlineData("- a\n- b\n", "a Kubernetes object is expected")]
    [InlineData("apiVersion: v1\n---\n\na: [\n", ":")]
    public void ReadFile_NotAnObject_SaysWhere(string text, string expected)
    {
        var read = () => Read(text);

        read.Should().Throw<CommandFailedException>().Which.Message.Should().Contain("manifest.yaml:").And.Contain(expected);
    }

    private IReadOnlyList<Manifest> Read(string text)
    {
        File.WriteAllText(_folder.File("manifest.yaml"), text);
        return Manifest.ReadFile(_folder.File("manifest.yaml"));
    }
}
