using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>What registries and scanners show of our images, and that none runs as root.</summary>
public sealed partial class DockerfileTests
{
    [Theory]
    [InlineData("broker")]
    [InlineData("nameserver")]
    [InlineData("operator")]
    public void Image_Labels_AreThereAndOfThisVersion(string image)
    {
        string text = File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, "Dockerfile"));
        string stage = text.Split("\nFROM ").Single(part => part.Split('\n')[0].EndsWith($" AS {image}", StringComparison.Ordinal));
        string version = Version().Match(File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, "Directory.Build.props"))).Groups["version"].Value;

        stage.Should().ContainAll("org.opencontainers.image.title=", "org.opencontainers.image.description=", "org.opencontainers.image.licenses=\"Apache-2.0\"");
        stage.Should().ContainAll("org.opencontainers.image.version=\"${VERSION}\"", "org.opencontainers.image.revision=\"${REVISION}\"");
        stage.Should().Contain($"ARG VERSION={version}\n");
        stage.Should().Contain("\nUSER 10001:10001\n", "Kubernetes proves by the number that it is not root");
    }

    [GeneratedRegex("<Version>(?<version>[^<]+)</Version>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Version();
}
