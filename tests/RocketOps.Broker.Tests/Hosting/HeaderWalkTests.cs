using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Remoting.Headers;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>
/// Every request code with every field of its header missing, no number, out of range or huge: it is answered, what cannot be read is named, and a refusal has changed nothing. The interop
/// ring asks Apache's brokers the same.
/// </summary>
public sealed partial class HeaderWalkTests
{
    /// <summary>What RocketMQ's clients have always been told of a number that is none; the field follows.</summary>
    private const string JavasWord = "NumberFormatException: the custom field <";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Rows_AreOfAllCodesServed()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        BrokerRows.All.Select(static row => row.Code).Should().BeEquivalentTo(broker.Host.Modules.Codes().Codes);
    }

    [Fact]
    public async Task Request_WithOneFlaw_IsAnsweredAndARefusalChangesNothing()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["recallMessageEnable"] = "true",
            ["useServerSideResetOffset"] = "true",
            // Some flags make halves, and what is sent back waits: nobody may put back or deliver them meanwhile.
            ["transactionCheckInterval"] = "3600000",
            ["messageDelayLevel"] = "1h",
        });
        await broker.CreateTopicAsync(BrokerRows.Topic, queues: 4);
        await broker.SendAsync(BrokerRows.Topic, "first");
        await using RawConnection bystander = await RawConnection.ConnectAsync(broker.Address);
        await using RawConnection walker = await RawConnection.ConnectAsync(broker.Address);
        List<string> wrong = [];
        foreach (HeaderRow row in BrokerRows.All)
        {
            (await walker.RequestAsync(row.Code, row.Header(), row.Body)).Code.Should().NotBe(ResponseCode.RequestCodeNotSupported);
            string before = await StateAsync(broker, bystander);
            foreach (HeaderCase flawed in HeaderCase.Of(row))
            {
                RawFrame answer = await AskAsync(walker, flawed);
                string after = await StateAsync(broker, bystander);
                if (Complaint(flawed, answer, hasChanged: before != after) is { } complaint)
                {
                    wrong.Add($"{flawed}: {complaint} ({answer.Code} {answer.Remark?[..Math.Min(answer.Remark.Length, 160)]})");
                }

                before = after;
            }
        }

        string.Join('\n', wrong).Should().BeEmpty();
    }

    private static async Task<RawFrame> AskAsync(RawConnection walker, HeaderCase flawed)
    {
        using CancellationTokenSource timeout = new(Patience);
        try
        {
            return await walker.RequestAsync(flawed.Row.Code, flawed.Fields, flawed.Body, timeout.Token);
        }
        catch (OperationCanceledException silence)
        {
            throw new TimeoutException($"no answer to {flawed}", silence);
        }
    }

    private static string? Complaint(HeaderCase flawed, RawFrame answer, bool hasChanged)
    {
        string remark = answer.Remark ?? string.Empty;
        bool names = flawed.Field is { } field && (remark.Contains($"<{field.Name}>", StringComparison.Ordinal) || remark.Contains($"<{field.LongName}>", StringComparison.Ordinal));
        return flawed.IsUnreadable && answer.Code != ResponseCode.SystemError ? "must be refused with code 1"
            : flawed.IsUnreadable && !names ? "the remark does not name the field"
            : remark.Contains("Exception", StringComparison.Ordinal) && !remark.StartsWith(JavasWord, StringComparison.Ordinal) ? "an exception of .NET tells nobody what is wrong"
            : answer.Code != ResponseCode.Success && remark.Length == 0 && answer.Code != ResponseCode.PullOffsetMoved ? "refused without a word"
            : answer.Code != ResponseCode.Success && hasChanged && !IsKeptAnyway(flawed.Row.Code) ? "refused, and yet something changed"
            : null;
    }

    /// <summary>A reply is stored whether the one who waits for it can be reached or not.</summary>
    private static bool IsKeptAnyway(int code) => code is RequestCode.SendReplyMessage or RequestCode.SendReplyMessageV2;

    /// <summary>Topics and groups by the versions that every change of them gives, progress, and the log's end.</summary>
    private static async Task<string> StateAsync(TestBroker broker, RawConnection bystander)
    {
        RawFrame answer = await bystander.RequestAsync(RequestCode.GetAllConsumerOffset);
        answer.Code.Should().Be(ResponseCode.Success);

        // Progress has a new version whenever it is written, every five seconds.
        string progress = Version().Replace(Encoding.UTF8.GetString(answer.Body.Span), string.Empty);
        BrokerModules modules = broker.Host.Modules;
        return string.Create(
            CultureInfo.InvariantCulture, $"{modules.Topics.Topics.Version.Counter} {modules.Topics.Topics.Count} {modules.Groups.Groups.Version.Counter} {modules.Host.Store.Positions.Appended.Value} {progress}");
    }

    [GeneratedRegex("\"dataVersion\":\\{[^}]*\\}", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Version();
}
