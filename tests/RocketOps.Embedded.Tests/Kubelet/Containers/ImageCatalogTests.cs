using RocketOps.Embedded.Kubelet.Containers;

namespace RocketOps.Embedded.Tests.Kubelet.Containers;

public sealed class ImageCatalogTests
{
    [Theory]
    [InlineData("broker", "broker")]
    [InlineData("rocketops/broker:0.1.0", "broker")]
    [InlineData("example.org:5000/a/b/broker", "broker")]
    [InlineData("example.org/broker:1@sha256:abc", "broker")]
    [InlineData("example.org/broker@sha256:abc", "broker")]
    public void ShortName_AnyForm_IsLastPartWithoutTag(string image, string expected) => ImageCatalog.ShortName(image).Should().Be(expected);

    [Fact]
    public void Find_ProgramIsMissing_SaysWhichFile()
    {
        ImageCatalog catalog = new(new Dictionary<string, LocalProgram> { ["broker"] = new("/nowhere/RocketOps.Broker") });

        Func<LocalProgram>? find = () => catalog.Find("rocketops/broker:1");

        find.Should().Throw<ContainerConfigException>().Which.Message.Should().Contain("/nowhere/RocketOps.Broker");
    }
}
