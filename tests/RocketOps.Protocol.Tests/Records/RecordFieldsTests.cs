using System.Net;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class RecordFieldsTests
{
    private const int HostBits = SysFlags.BornHostIPv6 | SysFlags.StoreHostIPv6;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", 0)]
    [InlineData("::1", "127.0.0.1", SysFlags.BornHostIPv6)]
    [InlineData("127.0.0.1", "::1", SysFlags.StoreHostIPv6)]
    [InlineData("::1", "::1", HostBits)]
    public void SysFlagOfHosts_FollowsTheHosts_AndLeavesOtherBits(string born, string store, int expected)
    {
        RecordFields fields = new() { SysFlag = SysFlags.Compressed, BornHost = HostOf(born), StoreHost = HostOf(store), Flag = 7 };

        fields.SysFlagOfHosts.Should().Be(SysFlags.Compressed | expected);
        (fields with { SysFlag = SysFlags.Compressed | HostBits }).SysFlagOfHosts.Should().Be(SysFlags.Compressed | expected);
    }

    private static MessageHost HostOf(string address) => MessageHost.From(IPAddress.Parse(address), 10911);
}
