using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Limits;

/// <summary>
/// What a broker takes and what it refuses, at every limit and one beyond: the same requests to every server, and each answers as <c>answers.txt</c> says of it. That file is written by
/// this test with <c>ROCKETOPS_UPDATE=1</c>; docs/compatibility.md tells what it means.
/// </summary>
public abstract partial class LimitTests(ServerFixture fixture)
{
    private const int MaxRemark = 200;
    private const int SystemBusy = 2;

    /// <summary>What follows tells where in Java's code something was thrown.</summary>
    private static readonly string[] Ends = [", java.", ", org.apache.", ", com.alibaba.", "NullPointerException: "];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static string AnswersPath => Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Interop.Tests", "Limits", "answers.txt");

    [SkippableFact]
    public async Task Request_AtEveryLimit_IsAnsweredAsWritten()
    {
        ServerUnderTest server = fixture.Server;
        using CancellationTokenSource timeout = new(Patience);
        await Topics.CreateAsync(server, LimitRequests.Topic, queues: 4);
        SortedDictionary<string, string> answers = new(StringComparer.Ordinal);
        foreach (LimitRequest request in LimitRequests.All)
        {
            // A connection of its own: some of Apache's answers are none.
            await using RawConnection connection = await RawConnection.ConnectAsync(server.BrokerAddress, timeout.Token);
            answers[request.Name] = await AskAsync(connection, request, timeout.Token);
        }

        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            await WriteAsync(server.Name, answers);
        }

        answers.Should().Equal(await ReadAsync(server.Name));
    }

    private static async Task<string> AskAsync(RawConnection connection, LimitRequest request, CancellationToken cancellationToken)
    {
        try
        {
            RawFrame answer = await connection.RequestAsync(request.Code, request.Fields, request.Body, cancellationToken);
            while (answer.Code == SystemBusy)
            {
                // The machine is short of CPU, which says nothing of a limit.
                answer = await connection.RequestAsync(request.Code, request.Fields, request.Body, cancellationToken);
            }

            return $"{answer.Code.ToString(CultureInfo.InvariantCulture)} {Normalize(answer.Remark)}".TrimEnd();
        }
        catch (EndOfStreamException)
        {
            return "closed";
        }
    }

    /// <summary>The remark without what differs from run to run.</summary>
    private static string Normalize(string? remark)
    {
        string text = Changing().Replace(remark ?? string.Empty, "…").Replace('\n', ' ').Replace('\t', ' ').Replace('\r', ' ');
        foreach (string end in Ends)
        {
            int at = text.IndexOf(end, StringComparison.Ordinal);
            text = at < 0 ? text : text[..at] + (end[0] == 'N' ? "NullPointerException" : string.Empty);
        }

        text = LongRun().Replace(text, static run => $"{run.Value[0]}×{run.Length}");
        return text.Length > MaxRemark ? text[..MaxRemark] : text;
    }

    /// <summary>What is written of that server.</summary>
    private static async Task<SortedDictionary<string, string>> ReadAsync(string server)
    {
        SortedDictionary<string, string> answers = new(StringComparer.Ordinal);
        foreach (string line in File.Exists(AnswersPath) ? await File.ReadAllLinesAsync(AnswersPath) : [])
        {
            if (line.Split('\t') is [var of, var name, var answer] && of == server)
            {
                answers[name] = answer;
            }
        }

        return answers;
    }

    private static async Task WriteAsync(string server, SortedDictionary<string, string> answers)
    {
        string[] others = File.Exists(AnswersPath) ? await File.ReadAllLinesAsync(AnswersPath) : [];
        await File.WriteAllLinesAsync(
            AnswersPath,
            others.Where(line => !line.StartsWith($"{server}\t", StringComparison.Ordinal))
                .Concat(answers.Select(answer => $"{server}\t{answer.Key}\t{answer.Value}"))
                .Order(StringComparer.Ordinal),
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    [GeneratedRegex(@"127\.0\.0\.1(?::\d+)?|\d+ms|cost: \d+|/[0-9.]+:\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Changing();

    [GeneratedRegex(@"(?<one>[A-Za-z0-9])\k<one>{20,}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex LongRun();
}
