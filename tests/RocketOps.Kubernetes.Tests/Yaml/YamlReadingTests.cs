using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Kubernetes.Tests.Yaml;

public sealed class YamlReadingTests
{
    [Fact]
    public void ParseAll_Scalars_AreReadAsKubernetesReadsThem()
    {
        JsonNode document = YamlReading.ParseAll("a: on\nb: '1'\nc: 0644\nd: 1.5\ne: ~\nf: 1e3\ng: v1\nh: 0x10\n").Single();

        document.ToJsonString().Should().Be("""{"a":true,"b":"1","c":420,"d":1.5,"e":null,"f":1000,"g":"v1","h":16}""");
    }

    [Fact]
    public void ParseAll_AnyText_ParsesOrFailsCleanly() => Prop.ForAll<string>(text => Tolerates(text ?? "")).QuickCheckThrowOnFailure();

    private static bool Tolerates(string text)
    {
        try
        {
            YamlReading.ParseAll(text);
        }
        catch (FormatException)
        {
            // How input is refused.
        }

        return true;
    }
}
