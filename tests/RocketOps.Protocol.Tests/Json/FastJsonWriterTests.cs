using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Json;

namespace RocketOps.Protocol.Tests.Json;

public sealed class FastJsonWriterTests
{
    [Fact]
    public void Write_LenientShape_LeavesNumericAndBeanKeysBare()
    {
        FastJsonWriter writer = new();
        writer.BeginObject().Name("addrs").BeginObject().NumberName(0).Value("a").NumberName(1).Value("b").EndObject()
            .Name("offsets").BeginObject().BeginObjectName().Field("queueId", 0).Field("topic", "\u4e2d").EndObjectName().Value(12).EndObject()
            .Field("none", null).Field("ok", true).Name("tps").Value(0.0).Name("list").BeginArray().Value("x").Value("y").EndArray().EndObject();

        Text(writer).Should().Be("{\"addrs\":{0:\"a\",1:\"b\"},\"offsets\":{{\"queueId\":0,\"topic\":\"\u4e2d\"}:12},\"ok\":true,\"tps\":0.0,\"list\":[\"x\",\"y\"]}");
    }

    [Fact]
    public void Write_StandardShape_QuotesKeysAndEscapes()
    {
        FastJsonWriter writer = new(standard: true);
        writer.BeginObject().Name("addrs").BeginObject().NumberName(0).Value("\u4e2d/\u0001").EndObject().EndObject();

        Text(writer).Should().Be("{\"addrs\":{\"0\":\"\\u4E2D\\/\\u0001\"}}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_AnyText_IsReadBack(bool standard)
    {
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            FastJsonWriter writer = new(standard);
            // Lone surrogates cannot be sent; everything else must survive.
            string expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
            writer.Value(expected);
            string read = JsonDocument.Parse(writer.Written).RootElement.GetString()!;
            read.Should().Be(expected);
        }).QuickCheckThrowOnFailure();
    }

    private static string Text(FastJsonWriter writer) => Encoding.UTF8.GetString(writer.Written.Span);
}
