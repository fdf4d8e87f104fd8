namespace RocketOps.Hosting.Properties;

/// <summary>One key with its text as written, before anybody looked whether it is known or allowed.</summary>
public readonly record struct PropertyEntry(string Key, string Value, PropertyOrigin Origin);
