using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class DataDirectoryTests
{
    [Theory]
    [InlineData(300 * 1024, "The disk of /data is full: messages are refused, and what changes may be neither stored nor shown. Make room and all goes on by itself, or choose another disk with --data.")]
    [InlineData(9 * 1024 * 1024, "The disk of /data has 9 MiB free, and each broker takes 16 MiB of it at a time: make room, or choose another disk with --data.")]
    [InlineData(64L * 1024 * 1024, null)]
    public void LackOfRoom_FreeBytes_SaidOnlyWhenThereIsHardlyAny(long free, string? expected) => DataDirectory.LackOfRoom("/data", free).Should().Be(expected);

    [Fact]
    public void LackOfRoom_FolderOfADiskWithRoom_IsNone()
    {
        using TempDirectory folder = new();
        using DataDirectory data = DataDirectory.Open(folder.File("data"));

        data.LackOfRoom().Should().BeNull();
    }
}
