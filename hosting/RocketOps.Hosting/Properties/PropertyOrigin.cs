namespace RocketOps.Hosting.Properties;

/// <summary>Place where a value was written: a file with its line, an environment variable, or an argument.</summary>
/// <param name="Source">File name, variable name or argument as the user wrote it.</param>
/// <param name="Line">Line in the file, from 1; 0 when the source has no lines.</param>
public readonly record struct PropertyOrigin(string Source, int Line)
{
    /// <summary>The origin of a value nobody wrote.</summary>
    public static PropertyOrigin Default => new("default", 0);

    public static PropertyOrigin Environment(string variable) => new($"environment {variable}", 0);

    public static PropertyOrigin Argument(string argument) => new($"argument {argument}", 0);

    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}
