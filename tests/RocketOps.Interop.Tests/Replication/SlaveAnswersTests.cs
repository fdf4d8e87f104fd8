using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Limits;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>
/// What a slave serves and what it refuses: the same requests to ours behind ours, and to Apache's behind Apache's. Each answers as <c>answers.txt</c> says of it. That file is written by
/// this test with <c>ROCKETOPS_UPDATE=1</c>; docs/replication.md tells what it means.
/// </summary>
public sealed partial class SlaveAnswersTests
{
    private const int HaStatus = 907;
    private const int MaxRemark = 160;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static string AnswersPath => Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Interop.Tests", "Replication", "answers.txt");

    /// <summary>Apache's columns of the file are written and proven with the deep tests; the gate holds ours to its own.</summary>
    public static TheoryData<string> Peers => Depth.IsDeep ? ["rocketops", ApacheServer.Version4, ApacheServer.Version5] : ["rocketops"];

    [SkippableTheory]
    [MemberData(nameof(Peers))]
    public async Task Request_ToASlave_IsAnsweredAsWritten(string peer)
    {
        Kit.Require(SharedKits.RocketMq);
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["mappedFileSizeCommitLog"] = "4194304", ["haSendHeartbeatInterval"] = "1000", ["slaveReadEnable"] = "true" };
        await using ServerUnderTest master = peer == "rocketops" ? new RocketOpsServer(new ServerOptions { Broker = settings }) : new ApacheServer(peer, new ServerOptions { Broker = settings });
        await master.StartAsync();
        foreach (LimitRequest request in (LimitRequest[])[SlaveRequests.CreateTopic, SlaveRequests.CreateGroup, SlaveRequests.SendOne])
        {
            (await AskAsync(master.BrokerAddress, request)).Code.Should().Be(0, request.Name);
        }

        await using RocketOpsSlave ours = new(master.NameServerAddress, settings);
        string slave = peer == "rocketops" ? await StartOursAsync(ours) : await StartApachesAsync(peer, master, settings);
        await Eventually.TrueAsync(async () => (await AskAsync(slave, SlaveRequests.PullOne)).Code == 0, "the slave has the message, its topic and its group", Patience);

        SortedDictionary<string, string> answers = new(StringComparer.Ordinal);
        foreach (LimitRequest request in SlaveRequests.All)
        {
            answers[request.Name] = Describe(request.Code, await AskAsync(slave, request));
        }

        // The slave reports what it has after it serves it.
        LimitRequest status = new("ha status", HaStatus, new Dictionary<string, string>(StringComparer.Ordinal));
        await Eventually.TrueAsync(
            async () => Encoding.UTF8.GetString((await AskAsync(master.BrokerAddress, status)).Body.Span).Contains("\"diff\":0,", StringComparison.Ordinal), "the slave has reported what it has", Patience);
        answers["ha status of the slave"] = DescribeStatus(await AskAsync(slave, status));
        answers["ha status of the master"] = DescribeStatus(await AskAsync(master.BrokerAddress, status));

        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            await WriteAsync(peer, answers);
        }

        answers.Should().Equal(await ReadAsync(peer));
    }

    private static async Task<string> StartOursAsync(RocketOpsSlave slave)
    {
        await slave.StartAsync();
        return slave.Address;
    }

    /// <summary>In the master's folder, so that it ends with it.</summary>
    private static async Task<string> StartApachesAsync(string version, ServerUnderTest master, Dictionary<string, string> settings)
    {
        int port = LoopbackPorts.Find(0, -2, 1);
        (await ChildProcess.RunAsync(
            Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"),
            [
                "--version", version, "broker", "start", "--dir", master.WorkDirectory, "--port", port.ToString(CultureInfo.InvariantCulture), "--id", "1", "--namesrv", master.NameServerAddress,
                "--jvm", "-Dtls.server.mode=disabled", "--seconds", "180", .. settings.Select(static pair => $"{pair.Key}={pair.Value}"),
            ],
            Patience,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" })).EnsureSuccess();
        return string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
    }

    private static async Task<RawFrame> AskAsync(string broker, LimitRequest request)
    {
        using CancellationTokenSource timeout = new(Patience);
        await using RawConnection connection = await RawConnection.ConnectAsync(broker, timeout.Token);
        return await connection.RequestAsync(request.Code, request.Fields, request.Body, timeout.Token);
    }

    private static string Describe(int code, RawFrame answer)
    {
        StringBuilder text = new(answer.Code.ToString(CultureInfo.InvariantCulture));
        foreach (string field in (string[])["offset", "nextBeginOffset", "suggestWhichBrokerId"])
        {
            if (answer.ExtFields.TryGetValue(field, out string? value))
            {
                text.Append(CultureInfo.InvariantCulture, $" {field}={value}");
            }
        }

        if (code == 28 && !answer.Body.IsEmpty)
        {
            using JsonDocument figures = JsonDocument.Parse(answer.Body);
            text.Append(CultureInfo.InvariantCulture, $" brokerActive={(figures.RootElement.GetProperty("table").TryGetProperty("brokerActive", out JsonElement active) ? active.GetString() : "(none)")}");
        }

        string remark = Changing().Replace(answer.Remark ?? string.Empty, "…").Replace('\n', ' ').Replace('\t', ' ').Replace('\r', ' ');
        int stack = remark.IndexOf(", org.apache.", StringComparison.Ordinal);
        remark = stack < 0 ? remark : remark[..stack];
        return $"{text} {(remark.Length > MaxRemark ? remark[..MaxRemark] : remark)}".TrimEnd();
    }

    /// <summary>Code and body, of numbers only whether they are zero, of rates not even that: the rest depends on when it is asked.</summary>
    private static string DescribeStatus(RawFrame answer) => answer.Body.IsEmpty
        ? Describe(HaStatus, answer)
        : string.Create(CultureInfo.InvariantCulture, $"{answer.Code} {NonZero().Replace(Rate().Replace(Port().Replace(Encoding.UTF8.GetString(answer.Body.Span), "127.0.0.1:N"), "N"), "N")}");

    private static async Task<SortedDictionary<string, string>> ReadAsync(string peer)
    {
        SortedDictionary<string, string> answers = new(StringComparer.Ordinal);
        foreach (string line in File.Exists(AnswersPath) ? await File.ReadAllLinesAsync(AnswersPath) : [])
        {
            if (line.Split('\t') is [var of, var name, var answer] && of == peer)
            {
                answers[name] = answer;
            }
        }

        return answers;
    }

    private static async Task WriteAsync(string peer, SortedDictionary<string, string> answers)
    {
        string[] others = File.Exists(AnswersPath) ? await File.ReadAllLinesAsync(AnswersPath) : [];
        await File.WriteAllLinesAsync(
            AnswersPath,
            others.Where(line => !line.StartsWith($"{peer}\t", StringComparison.Ordinal))
                .Concat(answers.Select(answer => $"{peer}\t{answer.Key}\t{answer.Value}"))
                .Order(StringComparer.Ordinal),
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    [GeneratedRegex(@"127\.0\.0\.1(?::\d+)?|\d+ms|\b0\.\d+|cost: \d+|/[0-9.]+:\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Changing();

    [GeneratedRegex(@"127\.0\.0\.1:\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Port();

    [GeneratedRegex(@"(?<=""transferredByteInSecond"":)\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"(?<=:)[1-9]\d*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NonZero();
}
