param name string
param location string
param tags object
@description('Principals that may read and write documents.')
param contributorIds string[]

var spec = loadJsonContent('../containers.json')

@description('Strong consistency in its one region: a read sees what any instance was acknowledged.')
resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    capabilities: [{ name: 'EnableServerless' }]
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: false }]
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: 'Enabled'
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-10-15' = {
  parent: account
  name: spec.database
  properties: { resource: { id: spec.database } }
}

@batchSize(1)
resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = [
  for container in spec.containers: {
    parent: database
    name: container.id
    properties: { resource: container }
  }
]

resource dataContributor 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions@2025-10-15' existing = {
  parent: account
  name: '00000000-0000-0000-0000-000000000002'
}

@batchSize(1)
resource contributors 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = [
  for contributorId in contributorIds: {
    parent: account
    name: guid(account.id, contributorId, dataContributor.id)
    properties: {
      roleDefinitionId: dataContributor.id
      principalId: contributorId
      scope: account.id
    }
  }
]

output endpoint string = account.properties.documentEndpoint
output databaseName string = database.name
