using System.Globalization;
using RocketOps.Testing;

namespace RocketOps.Gate.Tests;

/// <summary>The judge as the gate calls it, on results of a run and with a test platform of the test's.</summary>
public sealed class JudgementTests : IDisposable
{
    private const string Late = "not within 180 s: it serves";

    private readonly TempDirectory _folder = new();
    private readonly PlayedPlatform _platform = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AllPassed_CountsThemAndLeavesOutWhatAnotherRingRan()
    {
        Write("unit", "P", "", Trx.Passed("P.A.One"), Trx.Skipped("P.A.Guest", "ring cluster: not run; ROCKETOPS_RINGS=cluster runs it"), Trx.Skipped("P.A.NoKit", "kit missing"));
        Write("cluster-client", "P", "cluster", Trx.Passed("P.A.Guest"));

        (int code, string text) = await JudgeAsync("unit", "cluster-client");

        text.Should().EndWith("\n2 passed, 0 failed, 1 skipped\n");
        code.Should().Be(0);
    }

    [Fact]
    public async Task FailedByItsValue_IsNotRunAgain()
    {
        Write("unit", "P", "", Trx.Passed("P.A.One"), Trx.Failed("P.A.Two", "P.A.Two", "Expected 1 to be 2."));

        (int code, string text) = await JudgeAsync("unit");

        text.Should().Contain("failed: P.A.Two (unit, load 34.5)").And.Contain("Expected 1 to be 2.").And.EndWith("\n1 passed, 1 failed, 0 skipped\n");
        code.Should().Be(1);
        _platform.Runs.Should().BeEmpty();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public async Task FailedByTime_IsRunAgainAloneUpToTwice(int passesWithRun, int wanted)
    {
        Write("unit", "P", "", Trx.Passed("P.A.One"), Trx.Failed("P.A.Two(row: 1)", "P.A.Two", Late));
        _platform.Passes = run => run >= passesWithRun;

        (int code, string text) = await JudgeAsync("unit");

        code.Should().Be(wanted);
        _platform.Runs.Should().HaveCount(Math.Min(passesWithRun, RetryRules.MostReruns)).And.OnlyContain(method => method == "P.A.Two");
        if (wanted == 0)
        {
            text.Should().Contain("unstable: 1").And.EndWith("\n2 passed, 0 failed, 0 skipped\n");
            File.ReadAllText(Path.Combine(_folder.Path, "unstable")).Should().Be($"P.A.Two(row: 1) (unit, load 34.5, run again {passesWithRun}×): {Late}\n");
        }
        else
        {
            text.Should().EndWith("\n1 passed, 1 failed, 0 skipped\n");
        }
    }

    [Fact]
    public async Task MoreFailedByTimeThanCanBe_AreRedWithoutBeingRunAgain()
    {
        Write("unit", "P", "", [.. Enumerable.Range(1, RetryRules.MostUnstable + 1).Select(i => Trx.Failed($"P.A.Test{i}", $"P.A.Test{i}", Late))]);
        _platform.Passes = _ => true;

        (int code, string text) = await JudgeAsync("unit");

        text.Should().EndWith("\n0 passed, 7 failed, 0 skipped\n");
        code.Should().Be(1);
    }

    [Fact]
    public async Task HostThatDied_CountsAndNamesWhatItDidNotRun()
    {
        Write("unit", "P", "", "<RunInfo outcome=\"Error\"><Text>Test host process crashed</Text></RunInfo>", Trx.Passed("P.A.One"), Trx.Failed("P.A.Four", "P.A.Four", Late));
        _platform.Tests = ["P.A.One", "P.A.Two", "P.A.Three(x: 1)", "P.A.Four"];
        File.WriteAllText(Path.Combine(_folder.Path, "unit", "P", "Sequence_1.xml"), "<TestSequence><Test DisplayName=\"P.A.One\" Completed=\"True\" /><Test DisplayName=\"P.A.Three(x: 1)\" Completed=\"False\" /></TestSequence>");

        (int code, string text) = await JudgeAsync("unit");

        text.Should().Contain("Test host process crashed").And.Contain("running then: P.A.Three(x: 1)\n").And.Contain("without a result: 2").And.Contain("P.A.Three(x: 1)").And.EndWith("\n1 passed, 3 failed, 0 skipped\n");
        code.Should().Be(1);
        _platform.Runs.Should().BeEmpty("a host that died is never run again");
    }

    [Fact]
    public async Task ProjectWithoutResults_IsRed()
    {
        Write("unit", "P", "", Trx.Passed("P.A.One"));
        File.WriteAllText(Path.Combine(_folder.Path, "unit", "projects"), "P\nQ\n");

        (int code, string text) = await JudgeAsync("unit");

        text.Should().Contain("Q (unit) was no whole run").And.EndWith("\n1 passed, 1 failed, 0 skipped\n");
        code.Should().Be(1);
    }

    [Fact]
    public async Task ChecksThatAreNoTests_CountAsOneEach()
    {
        Write("unit", "P", "", Trx.Passed("P.A.One"));
        File.WriteAllText(Path.Combine(_folder.Path, "failures"), "shellcheck: x\n");
        File.WriteAllText(Path.Combine(_folder.Path, "skips"), "ring cluster: needs root\n");

        (int code, string text) = await JudgeAsync("unit");

        text.Should().Contain("FAILED: shellcheck: x").And.Contain("SKIPPED: ring cluster: needs root").And.EndWith("\n1 passed, 1 failed, 1 skipped\n");
        code.Should().Be(1);
    }

    private async Task<(int Code, string Text)> JudgeAsync(params string[] rings)
    {
        File.WriteAllText(Path.Combine(_folder.Path, "load"), string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.Parse("2026-11-23T09:34:01Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds()} 34.5\n"));
        using StringWriter text = new() { NewLine = "\n" };
        int code = await new Judge(_folder.Path, _platform, text, TimeProvider.System, DateTimeOffset.MaxValue).JudgeAsync(rings);
        return (code, text.ToString());
    }

    private void Write(string ring, string project, string asked, params (string Result, string Test)[] rows) => Write(ring, project, asked, "", rows);

    private void Write(string ring, string project, string asked, string runInfos, params (string Result, string Test)[] rows)
    {
        string folder = Path.Combine(_folder.Path, ring);
        Trx.Write(Path.Combine(folder, project), runInfos, rows);
        File.WriteAllText(Path.Combine(folder, "projects"), $"{project}\n");
        File.WriteAllText(Path.Combine(folder, "rings"), $"{asked}\n");
    }

    private sealed class PlayedPlatform : ITestPlatform
    {
        public List<string> Runs { get; } = [];

        public Func<int, bool> Passes { get; set; } = _ => false;

        public IReadOnlyList<string> Tests { get; set; } = [];

        public Task<ResultFile?> RunAsync(TestResult test, Ring ring, TimeSpan longest)
        {
            Runs.Add(test.Method);
            return Task.FromResult<ResultFile?>(new ResultFile([test with { Outcome = Passes(Runs.Count) ? Outcome.Passed : Outcome.Failed }], [], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));
        }

        public Task<IReadOnlyList<string>> ListAsync(string project, Ring ring) => Task.FromResult(Tests);
    }
}
