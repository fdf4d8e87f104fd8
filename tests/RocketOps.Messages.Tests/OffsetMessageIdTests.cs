using System.Net;

namespace RocketOps.Messages.Tests;

public sealed class OffsetMessageIdTests
{
    [Fact]
    public void Format_ReferenceExample_IsUpperCaseHex()
    {
        // remoting.md §4.5
        OffsetMessageId.Format(MessageHost.From(IPAddress.Parse("10.1.2.3"), 10911), new PhysicalOffset(1311768)).Should().Be("0A01020300002A9F0000000000140418");
    }
}
