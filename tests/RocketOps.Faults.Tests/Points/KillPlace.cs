namespace RocketOps.Faults.Tests.Points;

/// <summary>A place in a broker's work on its disk: one of some calls on some files.</summary>
/// <param name="Path">Part of the path of the files.</param>
/// <param name="Calls">Names of the calls as <c>point.c</c> has them, separated by commas; <c>any</c> for all.</param>
/// <param name="Most">The broker dies at one of so many of them that come next.</param>
internal sealed record KillPlace(string Path, string Calls, int Most)
{
    /// <summary>Part of the path of a file: calls count from the first one on, of any kind, that is about such a file.</summary>
    public string Since { get; init; } = "/";
}
