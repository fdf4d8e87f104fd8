using System.Buffers.Binary;
using System.Text;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Bytes no client sends: the connection is closed, or the request answered, and nobody else notices.</summary>
public abstract class BadInputTests(ServerFixture fixture)
{
    private const int Success = 0;
    private const int RequestCodeNotSupported = 3;
    private const int GetRouteInfoByTopic = 105;
    private const int UnknownCode = 32_100;

    // RocketMQ's limit: com.rocketmq.remoting.frameMaxLength (remoting.md §1).
    private const int MaxFrameBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static TheoryData<string, string> BrokenFrames
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string end in new[] { "broker", "nameServer" })
            {
                foreach (string frame in Frames.Keys)
                {
                    cases.Add(end, frame);
                }
            }

            return cases;
        }
    }

    // Apache 5.x looks at a length only when it has seen 12 bytes: until then the first of them might announce a proxy's protocol.
    private static Dictionary<string, byte[]> Frames => new(StringComparer.Ordinal)
    {
        ["length above the limit"] = [.. Prefix(MaxFrameBytes + 1, 10), .. new byte[16]],
        ["length of two gigabytes"] = [.. Prefix(int.MaxValue, 10), .. new byte[16]],
        ["negative length"] = [.. Prefix(-1, 10), .. new byte[16]],
        ["most negative length"] = [.. Prefix(int.MinValue, 10), .. new byte[16]],
        ["header longer than the frame"] = [.. Prefix(20, 1000), .. new byte[16]],
        ["longest header in a short frame"] = [.. Prefix(20, 0xFF_FFFF), .. new byte[16]],
        ["broken JSON"] = RawFrame.Encode("{\"code\":105,\"opaque\":1,"u8, []),
        ["no JSON at all"] = RawFrame.Encode("GET / HTTP/1.1"u8, []),
        ["JSON that is not an object"] = RawFrame.Encode("[[[[[[[[1]]]]]]]]"u8, []),
        ["unknown serialize type"] = [.. Prefix(20, 0x07_00_00_10), .. new byte[16]],
    };

    [SkippableTheory]
    [MemberData(nameof(BrokenFrames))]
    public async Task Frame_Broken_ConnectionClosedOthersUnaffected(string end, string frame)
    {
        string address = Address(end);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection bystander = await RawConnection.ConnectAsync(address, timeout.Token);
        await AssertServedAsync(bystander, timeout.Token);
        await using RawConnection hostile = await RawConnection.ConnectAsync(address, timeout.Token);

        await hostile.SendAsync(Frames[frame], timeout.Token);

        RawFrame? answer = await hostile.ReceiveAsync(timeout.Token);
        answer.Should().BeNull("the connection is closed without a word");
        await AssertServedAsync(bystander, timeout.Token);
        await using RawConnection newcomer = await RawConnection.ConnectAsync(address, timeout.Token);
        await AssertServedAsync(newcomer, timeout.Token);
    }

    [SkippableTheory]
    [InlineData("broker")]
    [InlineData("nameServer")]
    public async Task RequestCode_Unknown_AnsweredAndConnectionStays(string end)
    {
        string? silent = end == "nameServer" ? fixture.WhyNameServerIsSilent : null;
        Skip.If(silent is not null, silent);
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection connection = await RawConnection.ConnectAsync(Address(end), timeout.Token);
        byte[] body = Encoding.UTF8.GetBytes("a body nobody reads");

        RawFrame first = await connection.RequestAsync(UnknownCode, body: body, cancellationToken: timeout.Token);
        RawFrame second = await connection.RequestAsync(UnknownCode + 1, cancellationToken: timeout.Token);

        first.Code.Should().Be(RequestCodeNotSupported);
        first.Remark.Should().Contain("32100").And.Contain("not supported");
        second.Code.Should().Be(RequestCodeNotSupported);
    }

    [SkippableTheory]
    [InlineData("broker")]
    [InlineData("nameServer")]
    public async Task Frame_CutOffByTheClient_OthersUnaffected(string end)
    {
        string address = Address(end);
        using CancellationTokenSource timeout = new(Patience);
        byte[] whole = RawFrame.Request(UnknownCode, 1).Encode();
        for (int cut = 1; cut < whole.Length; cut += 7)
        {
            await using RawConnection broken = await RawConnection.ConnectAsync(address, timeout.Token);
            await broken.SendAsync(whole.AsMemory(0, cut), timeout.Token);
        }

        await using RawConnection connection = await RawConnection.ConnectAsync(address, timeout.Token);
        await AssertServedAsync(connection, timeout.Token);
    }

    // The name server answers a route; a broker, which has none, refuses the code: an answer either way.
    private static async Task AssertServedAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = "TBW102" };
        RawFrame answer = await connection.RequestAsync(GetRouteInfoByTopic, fields, cancellationToken: cancellationToken);
        answer.Code.Should().BeOneOf(Success, RequestCodeNotSupported);
    }

    private string Address(string end)
    {
        ServerUnderTest server = fixture.Server;
        return end == "broker" ? server.BrokerAddress : server.NameServerAddress;
    }

    private static byte[] Prefix(int frameLength, int headerWord)
    {
        byte[] prefix = new byte[RawFrame.PrefixLength];
        BinaryPrimitives.WriteInt32BigEndian(prefix, frameLength);
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(4), headerWord);
        return prefix;
    }
}
