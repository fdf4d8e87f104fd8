using System.Xml;
using RocketOps.Testing;

namespace RocketOps.Gate.Tests;

public sealed class ResultFileTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_TestsOfEveryOutcome_TellsWhatEachSaid()
    {
        ResultFile file = ResultFile.Read(Trx.Write(_folder.Path, Trx.Passed("A.B.Passes"), Trx.Failed("A.B.Fails(row: 1)", "A.B.Fails", "not within 180 s: \"x\" & <y>"), Trx.Skipped("A.B.Skips", "ring cluster: not run")), "A");

        file.Results.Select(result => (result.Name, result.Method, result.Outcome, result.Message)).Should().Equal(
            ("A.B.Passes", "A.B.Passes", Outcome.Passed, ""),
            ("A.B.Fails(row: 1)", "A.B.Fails", Outcome.Failed, "not within 180 s: \"x\" & <y>"),
            ("A.B.Skips", "A.B.Skips", Outcome.Skipped, "ring cluster: not run"));
        file.Results[0].Duration.Should().Be(TimeSpan.FromSeconds(1.5));
        file.Errors.Should().BeEmpty();
    }

    [Fact]
    public void Read_HostThatDied_TellsWhy() =>
        ResultFile.Read(Trx.Write(_folder.Path, "<RunInfo outcome=\"Error\"><Text>The active test run was aborted. Reason: Test host process crashed</Text></RunInfo>", Trx.Passed("A.B.Passes")), "A")
            .Errors.Should().Equal("The active test run was aborted. Reason: Test host process crashed");

    [Fact]
    public void Read_FileThatIsCutOff_Throws()
    {
        string path = Trx.Write(_folder.Path, Trx.Passed("A.B.Passes"));
        File.WriteAllText(path, File.ReadAllText(path)[..^20]);

        Action read = () => ResultFile.Read(path, "A");

        read.Should().Throw<XmlException>();
    }
}
