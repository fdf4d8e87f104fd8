using System.Buffers.Binary;
using System.Net;
using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class OffsetMessageIdTests
{
    [Fact]
    public void Format_ReferenceExample_IsUpperCaseHex()
    {
        // remoting.md §4.5
        OffsetMessageId.Format(MessageHost.From(IPAddress.Parse("10.1.2.3"), 10911), new PhysicalOffset(1311768)).Should().Be("0A01020300002A9F0000000000140418");
    }

    [Theory]
    [InlineData("10.1.2.3", OffsetMessageId.MaxLength - 24)]
    [InlineData("255.254.171.205", OffsetMessageId.MaxLength - 24)]
    [InlineData("fe80::9aab:cdef:1", OffsetMessageId.MaxLength)]
    public void Write_AnyOffset_IsTheHexOfItsBytes(string address, int length)
    {
        MessageHost host = MessageHost.From(IPAddress.Parse(address), 54321);
        byte[] id = new byte[length];
        Random random = new(1);
        for (int round = 0; round < 1000; round++)
        {
            PhysicalOffset offset = new(random.NextInt64());
            byte[] raw = new byte[length / 2];
            BinaryPrimitives.WriteInt64BigEndian(raw.AsSpan(host.Write(raw)), offset.Value);

            OffsetMessageId.Write(host, offset, id).Should().Be(length);

            Encoding.ASCII.GetString(id).Should().Be(Convert.ToHexString(raw));
        }
    }
}
