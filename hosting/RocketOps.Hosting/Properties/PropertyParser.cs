namespace RocketOps.Hosting.Properties;

/// <summary>Reads the text of a value; false when it is none.</summary>
public delegate bool PropertyParser<T>(string text, out T value);
