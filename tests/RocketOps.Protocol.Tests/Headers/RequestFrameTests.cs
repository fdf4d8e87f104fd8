using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Protocol.Tests.Vectors;

namespace RocketOps.Protocol.Tests.Headers;

public sealed class RequestFrameTests
{
    public static TheoryData<string> VectorNames => GoldenVectors.Names;

    [Fact]
    public void Vectors_AreAllThere()
    {
        GoldenVectors.Names.Should().HaveCount(11);
    }

    [Theory]
    [MemberData(nameof(VectorNames))]
    public void ToCommand_EveryVector_SurvivesARoundTrip(string name)
    {
        RemotingCommand command = RequestFrame.Parse(GoldenVectors.Read(name)).ToCommand();

        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(command, written);
        RemotingCommand again = RequestFrame.Parse(written.WrittenSpan).ToCommand();

        // This end writes its own language; everything else must survive.
        again.Language.Should().Be(LanguageCode.DotNet);
        again.Should().BeEquivalentTo(command, options => options.Excluding(c => c.Language).Excluding(c => c.Body));
        again.Body.ToArray().Should().Equal(command.Body.ToArray());
    }

    [Theory]
    [MemberData(nameof(VectorNames))]
    public void Parse_EveryPrefixOfAVector_ThrowsNothingButFormatErrors(string name)
    {
        byte[] frame = GoldenVectors.Read(name);
        for (int length = 0; length < frame.Length; length++)
        {
            try
            {
                RequestFrame.Parse(frame.AsSpan(0, length)).ToCommand();
            }
            catch (FrameFormatException)
            {
                // A body may be cut without the header noticing; a header may not.
            }
        }
    }

    [Fact]
    public void ToCommand_RouteRequest_HasTheFieldsOfTheReference()
    {
        RemotingCommand command = RequestFrame.Parse(GoldenVectors.Read("8.1-request")).ToCommand();

        command.Code.Should().Be(RequestCode.GetRouteInfoByTopic);
        command.Opaque.Should().Be(7);
        command.Version.Should().Be(409);
        command.Language.Should().Be(LanguageCode.Java);
        command.IsResponse.Should().BeFalse();
        command.ExtFields.Should().Equal(new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = "TopicTest" });
    }

    [Fact]
    public void ToCommand_BinaryOneWay_HasTheFieldsOfTheReference()
    {
        RemotingCommand command = RequestFrame.Parse(GoldenVectors.Read("8.6-request")).ToCommand();

        command.Code.Should().Be(RequestCode.EndTransaction);
        command.SerializeType.Should().Be(SerializeType.RocketMq);
        command.IsOneWay.Should().BeTrue();
        command.Get("commitLogOffset").Should().Be("1311768");
        command.Get("commitOrRollback").Should().Be("8");
    }

    [Fact]
    public void ToCommand_PullAnswer_KeepsBodyAndRemark()
    {
        RemotingCommand command = RequestFrame.Parse(GoldenVectors.Read("8.3-response")).ToCommand();

        command.Remark.Should().Be("FOUND");
        command.IsResponse.Should().BeTrue();
        command.Body.Length.Should().Be(240);
        command.GetRequiredInt64("nextBeginOffset").Should().Be(42);
    }

    [Theory]
    [InlineData("""{"code":"11","opaque":"5","flag":1}""", 11)]
    [InlineData("""{code:11,opaque:5,flag:1}""", 11)]
    [InlineData("""{'code':11,'opaque':5,'flag':1,}""", 11)]
    [InlineData(""" { "opaque" : 5 , "unknown" : [1,{"a":"]"}] , "flag":1, "code" : 11 } """, 11)]
    [InlineData("{\"code\":11,\"opaque\":5,\"flag\":1,\"remark\":\"\",\"language\":\"KLINGON\"}\n", 11)]
    [InlineData("""{"opaque":5,"flag":1,"extFields":null,"remark":null}""", 0)]
    public void Parse_LenientJson_IsRead(string json, int code)
    {
        RequestFrame frame = RequestFrame.Parse(JsonFrame(json));

        frame.Code.Should().Be(code);
        frame.Opaque.Should().Be(5);
        frame.IsResponse.Should().BeTrue();
    }

    [Theory]
    [InlineData("", "*object is expected*")]
    [InlineData("[]", "*object is expected*")]
    [InlineData("{", "*does not end*")]
    [InlineData("""{"code":11""", "*")]
    [InlineData("""{"code":}""", "*")]
    [InlineData("""{"code" 11}""", "*colon*")]
    [InlineData("""{"code":"eleven"}""", "*32-bit number*")]
    [InlineData("""{"code":99999999999}""", "*32-bit number*")]
    [InlineData("""{"remark":"abc}""", "*string does not end*")]
    [InlineData("""{"extFields":"x"}""", "*extFields is no object*")]
    [InlineData("""{"code":1}{"code":2}""", "*unexpected bytes*")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}""", "*nested deeper*")]
    public void Parse_BrokenJson_SaysWhere(string json, string message)
    {
        byte[] bytes = JsonFrame(json);

        Action parse = () => RequestFrame.Parse(bytes);

        parse.Should().Throw<FrameFormatException>().WithMessage(message);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0007", 7)]
    [InlineData("000000000000007", 7)]
    [InlineData("-7", -7)]
    [InlineData(" 7 ", 7)]
    [InlineData("7\n", 7)]
    [InlineData("\"7\"", 7)]
    [InlineData("null", 0)]
    [InlineData("999999999", 999999999)]
    [InlineData("1000000000", 1000000000)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("-2147483648", int.MinValue)]
    public void Parse_Number_IsRead(string number, int value)
    {
        RequestFrame.Parse(JsonFrame("{\"opaque\":" + number + "}")).Opaque.Should().Be(value);
        RequestFrame.Parse(JsonFrame("{\"opaque\":" + number + ",\"flag\":1}")).Opaque.Should().Be(value);
    }

    [Theory]
    [InlineData("2147483648")]
    [InlineData("7x")]
    [InlineData("7.0")]
    [InlineData("7\"")]
    [InlineData("7:8")]
    [InlineData("-")]
    public void Parse_WhatIsNoNumber_IsAFormatError(string number)
    {
        byte[] bytes = JsonFrame("{\"opaque\":" + number + ",\"flag\":1}");

        Action parse = () => RequestFrame.Parse(bytes);

        parse.Should().Throw<FrameFormatException>();
    }

    [Fact]
    public void ToCommand_EscapesInValues_AreResolved()
    {
        RemotingCommand command = RequestFrame.Parse(JsonFrame(
            """{"extFields":{"p":"KEYS\u0001a\u0002é\u00e9\ud83d\ude80\n\"\\\/","n":12,"b":true,"z":null},"remark":"x\ty"}""")).ToCommand();

        command.Get("p").Should().Be("KEYS\u0001a\u0002éé🚀\n\"\\/");
        command.Get("n").Should().Be("12");
        command.Get("b").Should().Be("true");
        command.Get("z").Should().BeNull();
        command.Remark.Should().Be("x\ty");
    }

    [Fact]
    public void ToCommand_StringsOfAnyLengthAndAlignment_AreWhatAGeneralReaderSees()
    {
        // Short strings, names of one letter, the skipping of the fields and common escapes have ways of their own, 16 and 32 bytes at a time.
        string[] pieces = ["a", "{", "}", "[", "]", ":", ",", "'", " ", "\\\"", "\\\\", "\\n", "\\u0001", "\\u0002", "\\u0019", "\\u001f", "\\u0041", "\\u00e9", "é", "0123456789abcdef"];
        Random random = new(1);
        for (int round = 0; round < 3000; round++)
        {
            StringBuilder fields = new();
            for (int field = random.Next(6); field >= 0; field--)
            {
                string value = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(round % 2 == 0 ? pieces.Length : 9)]));
                string nested = random.Next(4) == 0 ? ", \"n" + field + "\" : [{\"x\":\"" + value + "\"},[]]" : "";
                string name = random.Next(2) == 0 ? "f" + field : ((char)('a' + field)).ToString();
                fields.Append("\"" + name + "\":\"" + value + "\"" + nested + (field > 0 ? "," : ""));
            }

            string json = "{\"code\":7,\"extFields\":{" + fields + "}" + new string(' ', random.Next(40)) + ",\"opaque\":" + round + "}";
            RemotingCommand command = RequestFrame.Parse(JsonFrame(json)).ToCommand();

            command.Opaque.Should().Be(round);
            using JsonDocument expected = JsonDocument.Parse(json);
            foreach (JsonProperty property in expected.RootElement.GetProperty("extFields").EnumerateObject())
            {
                string text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
                command.Get(property.Name).Should().Be(text, json);
            }
        }
    }

    /// <summary>Names carry no escapes that are resolved; a bare one goes up to the colon.</summary>
    [Theory]
    [InlineData("\"\\\":\" :1", "\\\":", "1")]
    [InlineData("Z\"a\":\"0123456789\"", "Z\"a\"", "0123456789")]
    public void ToCommand_NameWithAQuoteInIt_IsTheWholeOfIt(string field, string name, string value)
    {
        RemotingCommand command = RequestFrame.Parse(JsonFrame("{\"extFields\":{" + field + ",\"b\":\"0123456789abcdef\"}}")).ToCommand();

        command.Get(name).Should().Be(value);
        command.Get("b").Should().Be("0123456789abcdef");
    }

    [Fact]
    public void ToCommand_NameIsAQuote_IsAFormatError()
    {
        byte[] bytes = JsonFrame(""""{"extFields":{""":"0123456789","b":"a\"cdefghijklmnopqrstuvw"}}"""");

        Action read = () => RequestFrame.Parse(bytes).ToCommand();

        read.Should().Throw<FrameFormatException>();
    }

    [Theory]
    [InlineData(SerializeType.Json)]
    [InlineData(SerializeType.RocketMq)]
    public void ToCommand_MoreFieldsThanAHeaderHas_IsAFormatError(SerializeType type)
    {
        RemotingCommand command = new() { Code = 28, SerializeType = type };
        for (int field = 0; field < ExtFieldReader.MaxFields; field++)
        {
            command.Set($"f{field}", "");
        }

        byte[] most = Write(command);
        byte[] more = Write(command.Set("one more", ""));
        Action read = () => RequestFrame.Parse(more).ToCommand();

        RequestFrame.Parse(most).ToCommand().ExtFields.Should().HaveCount(ExtFieldReader.MaxFields);
        read.Should().Throw<FrameFormatException>().WithMessage("*more than 1024 fields*");
    }

    [Fact]
    public void Parse_HeaderBeyondTheLimit_IsAFormatErrorWhateverItSays()
    {
        byte[] frame = JsonFrame(new string('x', 300));
        Action parse = () => RequestFrame.Parse(frame, maxHeaderBytes: 299);

        parse.Should().Throw<FrameFormatException>().WithMessage("header of 300 bytes exceeds the limit of 299");
        RequestFrame.Parse(JsonFrame("""{"code":7}"""), maxHeaderBytes: 10).Code.Should().Be(7);
    }

    [Theory]
    [InlineData("\\u12")]
    [InlineData("\\uZZZZ")]
    [InlineData("\\q")]
    public void ToCommand_BrokenEscape_IsAFormatError(string value)
    {
        byte[] bytes = JsonFrame("{\"extFields\":{\"p\":\"" + value + "\"}}");

        Action read = () => RequestFrame.Parse(bytes).ToCommand();

        read.Should().Throw<FrameFormatException>();
    }

    [Fact]
    public void Codec_AnyFieldsInBothFormats_SurviveARoundTrip()
    {
        Prop.ForAll<NonNull<string>, NonNull<string>, byte[]>((name, value, body) =>
        {
            // Lone surrogates have no UTF-8 form and become U+FFFD before they reach the wire.
            string key = "k" + Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name.Get)).Replace("\\", "_", StringComparison.Ordinal).Replace("\"", "_", StringComparison.Ordinal);
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value.Get));
            foreach (SerializeType type in (SerializeType[])[SerializeType.Json, SerializeType.RocketMq])
            {
                RemotingCommand command = new() { Code = 310, Opaque = -7, SerializeType = type, Remark = text.Length == 0 ? null : text, Body = body };
                command.Set(Printable(key), text);
                ArrayBufferWriter<byte> written = new();
                RemotingCommandCodec.Write(command, written);
                RemotingCommand again = RequestFrame.Parse(written.WrittenSpan).ToCommand();
                again.Get(Printable(key)).Should().Be(text);
                again.Remark.Should().Be(command.Remark);
                again.Body.ToArray().Should().Equal(body ?? []);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Parse_MutatedVectors_NeverThrowsAnythingButFormatErrors()
    {
        Random random = new(20261120);
        byte[][] vectors = [.. GoldenVectors.All];
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] frame = (byte[])vectors[round % vectors.Length].Clone();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                frame[random.Next(frame.Length)] = (byte)random.Next(256);
            }

            try
            {
                RequestFrame.Parse(frame).ToCommand();
            }
            catch (FrameFormatException)
            {
                refused++;
            }
        }

        refused.Should().BeGreaterThan(1000, "most damage to a header is noticed");
    }

    private static byte[] Write(RemotingCommand command)
    {
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(command, written);
        return written.WrittenSpan.ToArray();
    }

    internal static byte[] JsonFrame(string header)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] frame = new byte[FrameLayout.PrefixSize + text.Length];
        FrameLayout.WritePrefix(frame, SerializeType.Json, text.Length, 0);
        text.CopyTo(frame, FrameLayout.PrefixSize);
        return frame;
    }

    private static string Printable(string name) => new([.. name.Where(c => !char.IsControl(c))]);
}
