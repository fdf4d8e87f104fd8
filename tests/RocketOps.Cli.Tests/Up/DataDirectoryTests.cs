using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class DataDirectoryTests
{
    [Theory]
    [InlineData(300 * 1024, "The disk of /data has 300 KiB free, and the first message of each broker takes 16 MiB: make room, or choose another disk with --data.")]
    [InlineData(64L * 1024 * 1024, null)]
    public void LackOfRoom_FreeBytes_SaidOnlyWhenNothingCanBegin(long free, string? expected) => DataDirectory.LackOfRoom("/data", free).Should().Be(expected);

    [Fact]
    public void LackOfRoom_FolderOfADiskWithRoom_IsNone()
    {
        using TempDirectory folder = new();
        using DataDirectory data = DataDirectory.Open(folder.File("data"));

        data.LackOfRoom().Should().BeNull();
    }
}
