using RocketOps.Gate;

// Judges the results of a run of .ci/run (docs/testing.md, "The gate"). DEADLINE, in seconds since 1970, is when it has to be done.
if (args is not [{ } results, { } deadline, .. { Length: > 0 } rings] || !long.TryParse(deadline, out long seconds))
{
    await Console.Error.WriteLineAsync("usage: RocketOps.Gate RESULTS DEADLINE RING...");
    return 2;
}

// Below bin/Debug/net10.0 of a project in tests/.
string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
DateTimeOffset end = DateTimeOffset.FromUnixTimeSeconds(seconds);
return await new Judge(results, new TestPlatform(root, Path.Combine(results, "again"), TimeProvider.System, end), Console.Out, TimeProvider.System, end).JudgeAsync(rings);
