import { roles } from 'roles.bicep'

param name string
param location string
param tags object
@secure()
@description('Empty: the secret that is there stays.')
param openAiApiKey string
@secure()
@description('Empty: the secret that is there stays.')
param webhookSecret string
@description('Principal that may read the secrets.')
param readerId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: 'Enabled'
  }
}

var keyName = 'openai-api-key'
var webhookName = 'openai-webhook-secret'

resource key 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(openAiApiKey)) {
  parent: vault
  name: keyName
  properties: { value: openAiApiKey }
}

resource webhook 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(webhookSecret)) {
  parent: vault
  name: webhookName
  properties: { value: webhookSecret }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, readerId, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: readerId
    principalType: 'ServicePrincipal'
  }
}

@description('What an app setting holds in place of the key.')
output openAiApiKeyReference string = '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=${keyName})'
@description('The same for the secret of the provider\'s webhooks.')
output webhookSecretReference string = '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=${webhookName})'
