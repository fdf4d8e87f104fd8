using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Json;

namespace RocketOps.Protocol.Tests.Json;

public sealed class LenientJsonTests
{
    [Theory]
    [InlineData("{0:\"a\",1:'b'}", "{\"0\":\"a\",\"1\":\"b\"}")]
    [InlineData("{-1:5}", "{\"-1\":5}")]
    [InlineData("{{\"queueId\":0,\"topic\":\"T\"}:12}", "{\"{\\\"queueId\\\":0,\\\"topic\\\":\\\"T\\\"}\":12}")]
    [InlineData("{name:true,}", "{\"name\":true}")]
    [InlineData("[1,2,]", "[1,2]")]
    [InlineData(" { \"a\" : [ ] } ", "{\"a\":[]}")]
    [InlineData("{'it':'isn\\'t \"so\"'}", "{\"it\":\"isn't \\\"so\\\"\"}")]
    [InlineData("{\"a\":{\"b\":1},\"c\":{{\"d\":1}:2}}", "{\"a\":{\"b\":1},\"c\":{\"{\\\"d\\\":1}\":2}}")]
    [InlineData("\"\u0001\u001f\"", "\"\\u0001\\u001f\"")]
    public void ToStrict_FastjsonDialect_BecomesStrictJson(string text, string expected)
    {
        Encoding.UTF8.GetString(LenientJson.ToStrict(Encoding.UTF8.GetBytes(text))).Should().Be(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"a\"}")]
    [InlineData("[1 2]")]
    [InlineData("{}}")]
    [InlineData("\"abc")]
    [InlineData("{:1}")]
    public void ToStrict_NoJson_Throws(string text)
    {
        FluentActions.Invoking(() => LenientJson.ToStrict(Encoding.UTF8.GetBytes(text)).Length).Should().Throw<JsonException>();
    }

    [Fact]
    public void ToStrict_NestedTooDeeply_ThrowsInsteadOfUsingUpTheStack()
    {
        FluentActions.Invoking(() => LenientJson.ToStrict(Encoding.UTF8.GetBytes(new string('[', 100_000))).Length).Should().Throw<JsonException>();
    }

    [Fact]
    public void ToStrict_KeysInsideKeys_ThrowsInsteadOfDoublingTheTextPerLevel()
    {
        FluentActions.Invoking(() => LenientJson.ToStrict("{{{\"a\":1}:1}:1}"u8).Length).Should().Throw<JsonException>();
    }

    [Fact]
    public void ToStrict_AnyBytes_ThrowsJsonExceptionOrReturnsSomething()
    {
        Gen<byte[]> bytes = Gen.Elements("{}[]:,\"'\\ab01\u0001-\n"u8.ToArray()).ArrayOf();
        Prop.ForAll(bytes.ToArbitrary(), text =>
        {
            try
            {
                LenientJson.ToStrict(text).Length.Should().BePositive();
            }
            catch (JsonException)
            {
                // The one exception callers expect of a hostile body.
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("{\"a\":[1,\"b\",{\"c\":null}]}", true)]
    [InlineData(" {\"a\":1}", false)]
    [InlineData("{\"a\":[1,2,]}", false)]
    [InlineData("{\"a\":{0:1}}", false)]
    public void ToStrict_OfStrictJson_CopiesNothing(string text, bool isSame)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);

        LenientJson.ToStrict(utf8).Overlaps(utf8).Should().Be(isSame);
    }

    [Fact]
    public void ToStrict_OfStrictJson_KeepsItsMeaning()
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new { a = 1.5, b = new[] { "x\"\\\n\u4e2d" }, c = (string?)null, d = new { e = true } });

        JsonElement.DeepEquals(JsonDocument.Parse(LenientJson.ToStrict(json).ToArray()).RootElement, JsonDocument.Parse(json).RootElement).Should().BeTrue();
    }
}
