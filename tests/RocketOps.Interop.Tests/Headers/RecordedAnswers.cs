using System.Text;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests.Headers;

/// <summary>What each server answered a walk, in a file of this folder: a line begins with the server's name. <c>ROCKETOPS_UPDATE=1</c> writes it anew.</summary>
internal sealed class RecordedAnswers(string file)
{
    private readonly string _path = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Interop.Tests", "Headers", file);

    public async Task ShouldBeAsync(string server, IReadOnlyList<string> answers)
    {
        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            await WriteAsync(server, answers);
        }

        answers.Should().Equal((await LinesAsync()).Where(line => IsOf(line, server)).Select(line => line[(server.Length + 1)..]));
    }

    private static bool IsOf(string line, string server) => line.StartsWith($"{server}\t", StringComparison.Ordinal);

    private async Task<string[]> LinesAsync() => File.Exists(_path) ? await File.ReadAllLinesAsync(_path) : [];

    private async Task WriteAsync(string server, IEnumerable<string> answers) => await File.WriteAllLinesAsync(
        _path,
        (await LinesAsync()).Where(line => !IsOf(line, server)).Concat(answers.Select(answer => $"{server}\t{answer}")),
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
