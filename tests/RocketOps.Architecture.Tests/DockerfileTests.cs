using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>What registries and scanners show of our images.</summary>
public sealed partial class DockerfileTests
{
    [Theory]
    [InlineData("broker")]
    [InlineData("nameserver")]
    [InlineData("operator")]
    public void Image_Labels_AreThereAndOfThisVersion(string image)
    {
        string text = File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, $"Dockerfile.{image}"));
        string last = text[text.LastIndexOf("\nFROM ", StringComparison.Ordinal)..];
        string version = Version().Match(File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, "Directory.Build.props"))).Groups["version"].Value;

        last.Should().ContainAll("org.opencontainers.image.title=", "org.opencontainers.image.description=", "org.opencontainers.image.licenses=\"Apache-2.0\"");
        last.Should().ContainAll("org.opencontainers.image.version=\"${VERSION}\"", "org.opencontainers.image.revision=\"${REVISION}\"");
        last.Should().Contain($"ARG VERSION={version}\n");
    }

    [GeneratedRegex("<Version>(?<version>[^<]+)</Version>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Version();
}
