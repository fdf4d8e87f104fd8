using RocketOps.Embedded.Kubelet.Containers;

namespace RocketOps.Embedded.Tests.Kubelet.Containers;

public sealed class PathMapTests
{
    private readonly PathMap _map = new();

    public PathMapTests()
    {
        _map.Add("/data", "/tmp/volumes/data");
        _map.Add("/data/logs/", "/tmp/volumes/logs");
        _map.Add("/etc/app", "/tmp/volumes/config");
    }

    [Theory]
    [InlineData("/data", "/tmp/volumes/data")]
    [InlineData("/data/store", "/tmp/volumes/data/store")]
    [InlineData("dir=/data/store", "dir=/tmp/volumes/data/store")]
    [InlineData("/data:/etc/app;/data", "/tmp/volumes/data:/tmp/volumes/config;/tmp/volumes/data")]
    [InlineData("/data/logs/today", "/tmp/volumes/logs/today")]
    [InlineData("--c=\"/etc/app/x.conf\"", "--c=\"/tmp/volumes/config/x.conf\"")]
    public void Rewrite_MountPathAsWholePart_IsReplaced(string text, string expected) => _map.Rewrite(text).Should().Be(expected);

    [Theory]
    [InlineData("/tmp/volumes/config/x.conf:7: no such key", "/etc/app/x.conf:7: no such key")]
    [InlineData("neither /tmp/volumes/data/a nor /tmp/volumes/logs/b", "neither /data/a nor /data/logs/b")]
    [InlineData("/tmp/volumes/database", "/tmp/volumes/database")]
    [InlineData("", "")]
    public void Restore_LocalFolders_AreMountPathsAgain(string text, string expected) => _map.Restore(text).Should().Be(expected);

    [Theory]
    [InlineData("/database")]
    [InlineData("/var/data")]
    [InlineData("/data-2/x")]
    [InlineData("http://host/etc/app")]
    [InlineData("no path at all")]
    [InlineData("/")]
    [InlineData("")]
    public void Rewrite_OtherText_StaysAsItIs(string text) => _map.Rewrite(text).Should().Be(text);
}
